"""Every address, in one list."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from scanward.api import health_links
from scanward.api.dicomweb import store as stow
from scanward.desk.views import (
    authorities,
    bringing,
    care,
    cases,
    circle,
    held,
    house,
    ledger,
    pacs,
    patients,
    people,
    reviews,
    today,
    wishes,
)
from scanward.desk.views import questions as desk_questions
from scanward.desk.views import requests as desk_requests
from scanward.portal.views import (
    asking,
    bring,
    directory,
    emergency,
    forms,
    home,
    images,
    questions,
    requests,
    rights,
    scans,
    security,
    sent,
    shares,
)
from scanward.web import errors


def of_a_scan(before: str, name: str) -> list[URLPattern]:
    """Return the pages of a scan under this address: who comes from the desk stays at work, and is told as that."""
    pages: list[tuple[str, Callable[..., Any], str]] = [
        ("", scans.study, "study"),
        ("beside/<uuid:other_id>/", scans.compare, "compare"),
        ("report.pdf", scans.report_pdf, "report-pdf"),
        ("report-locked.pdf", scans.report_locked, "report-locked"),
        ("report-document.pdf", scans.report_document, "report-document"),
        ("still", scans.still, "study-still"),
        ("copy", scans.download, "download"),
        ("share", shares.new, "share-new"),
        ("viewer.json", images.viewer_json, "viewer-data"),
        ("images/<uuid:instance_id>/<int:index>", images.frame_pixels, "frame"),
    ]
    return [path(f"{before}<uuid:study_id>/{rest}", page, name=f"{name}{word}") for rest, page, word in pages]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("scans/", scans.scans, name="scans"),
    *of_a_scan("scans/", ""),
    path("copies/<uuid:package_id>/ct-scan.zip", scans.package, name="package"),
    path("bring/", bring.bring, name="bring"),
    path("bring/<uuid:upload_id>/", bring.brought, name="brought"),
    path("requests/", requests.requests, name="requests"),
    path("requests/new/", asking.new, name="request-new"),
    path("forms/", forms.forms, name="forms"),
    path("forms/<slug:name>.pdf", forms.form_pdf, name="form-pdf"),
    path("my-rights/", rights.rights_page, name="rights"),
    path("my-rights/ask", rights.ask, name="rights-ask"),
    path("requests/help/", requests.help_page, name="request-help"),
    path("requests/<uuid:request_id>/", requests.show, name="request"),
    path("requests/<uuid:request_id>/act", requests.act, name="request-act"),
    path("letters/<uuid:letter_id>/letter.pdf", requests.letter_pdf, name="letter"),
    path("links/", shares.shares, name="shares"),
    path("links/looked-through", shares.looked_through, name="shares-looked-through"),
    path("links/<uuid:share_id>/end", shares.revoke, name="share-revoke"),
    path("scans/<uuid:study_id>/ask/", questions.ask, name="ask-doctor"),
    path("emergency-code/", emergency.code, name="emergency-code"),
    path("shared/", shares.shared, name="shared"),
    path("shared/scans/", shares.scans, name="shared-scans"),
    path("shared/scans/<uuid:study_id>/", shares.study, name="shared-study"),
    path("shared/scans/<uuid:study_id>/viewer.json", shares.viewer_json, name="shared-viewer"),
    path("shared/scans/<uuid:study_id>/images/<uuid:instance_id>/<int:index>", shares.frame, name="shared-frame"),
    path("shared/scans/<uuid:study_id>/ct-scan.zip", shares.copy, name="shared-copy"),
    # Short: a SMART Health Link has room for 128 characters.
    path("shl/<str:secret>", health_links.link, name="health-link"),
    path("shl/file/<str:ticket>", health_links.file, name="health-link-file"),
    path("where-my-scans-went/", sent.sent, name="sent"),
    path("where-my-scans-went/accounting.pdf", sent.accounting, name="accounting"),
    path("permissions/<uuid:authorization_id>/take-back", sent.revoke, name="permission-revoke"),
    path("permissions/<uuid:authorization_id>/reminder.ics", sent.permission_reminder, name="permission-reminder"),
    path("links/<uuid:share_id>/reminder.ics", sent.link_reminder, name="link-reminder"),
    path("who-has-looked/", home.access_log, name="access-log"),
    path("security/", security.security, name="security"),
    path("security/second-factor", security.second_factor, name="second-factor"),
    path("security/sign-out", security.sign_out, name="sign-out-elsewhere"),
    path("security/contact", security.contact, name="confirm-contact"),
    path("security/mails", security.mails, name="mails"),
    path("security/time-left", security.time_left, name="session-left"),
    path("connect/", security.connect, name="connect"),
    path("check-a-download/", home.verify, name="verify"),
    path("desk/", today.today, name="desk"),
    path("desk/requests/", desk_requests.queue, name="desk-requests"),
    path("desk/requests/new/", desk_requests.enter, name="desk-request-new"),
    path("desk/requests/dates/", desk_requests.backlog, name="backlog"),
    path("desk/requests/<uuid:request_id>/", desk_requests.show, name="desk-request"),
    path("desk/requests/<uuid:request_id>/act", desk_requests.act, name="desk-request-act"),
    path("desk/requests/<uuid:request_id>/papers/", desk_requests.attach, name="desk-papers"),
    path("desk/requests/<uuid:request_id>/papers/<uuid:paper_id>", desk_requests.paper, name="desk-paper"),
    path("desk/requests/<uuid:request_id>/print.pdf", desk_requests.print_pdf, name="desk-print"),
    path("desk/requests/<uuid:request_id>/records.zip", desk_requests.copy_zip, name="desk-copy"),
    path("desk/questions/", desk_questions.questions, name="desk-questions"),
    path("desk/questions/<uuid:question_id>/", desk_questions.question, name="desk-question"),
    path("desk/letters/<uuid:letter_id>/letter.pdf", desk_requests.letter_pdf, name="desk-letter"),
    path("desk/wishes/", wishes.wishes, name="wishes"),
    path("desk/wishes/<uuid:wish_id>/answer", wishes.answer, name="wish-answer"),
    path("desk/cases/", cases.cases, name="cases"),
    path("desk/cases/<uuid:case_id>/decide", cases.decide, name="case-decide"),
    *of_a_scan("desk/scans/", "desk-"),
    path("desk/find/", patients.search, name="find-patient"),
    path("desk/patients/", patients.patients, name="my-patients"),
    path("desk/patients/<uuid:patient_id>/", patients.patient, name="desk-patient"),
    path("desk/patients/<uuid:patient_id>/bring/", bringing.bring, name="desk-bring"),
    path("desk/patients/<uuid:patient_id>/pacs/", pacs.patient_at, name="desk-pacs"),
    path("desk/patients/<uuid:patient_id>/emergency", patients.emergency, name="emergency"),
    path("desk/patients/<uuid:patient_id>/people/", circle.people, name="patient-people"),
    path("desk/patients/<uuid:patient_id>/people/connect", circle.connect, name="patient-connect"),
    path("desk/patients/<uuid:patient_id>/people/disconnect", circle.disconnect, name="patient-disconnect"),
    path("desk/patients/<uuid:patient_id>/people/address", circle.address, name="patient-address"),
    path("desk/patients/<uuid:patient_id>/papers/<uuid:proof_id>", circle.document, name="proof-document"),
    path("desk/patients/<uuid:patient_id>/people/representative", authorities.new, name="representative-new"),
    path("desk/representatives/<uuid:representation_id>/change", authorities.change, name="representative-change"),
    path("desk/patients/<uuid:patient_id>/people/care", care.change, name="patient-care"),
    path("desk/patients/<uuid:patient_id>/people/facts", care.facts, name="patient-facts"),
    path("desk/patients/<uuid:patient_id>/sensitive/", authorities.sensitive, name="patient-sensitive"),
    path("desk/patients/<uuid:patient_id>/held-results/", held.results, name="patient-held-results"),
    path("desk/emergency/<uuid:glass_id>/close", patients.close_emergency, name="close-emergency"),
    path("desk/reviews/", reviews.reviews, name="reviews"),
    path("desk/reviews/emergency/<uuid:glass_id>/", reviews.glass, name="review-glass"),
    path("desk/reviews/pattern/<uuid:task_id>/", reviews.task, name="review-task"),
    path("desk/who-saw-what/", ledger.who_saw_what, name="who-saw-what"),
    path("desk/explain/", ledger.explain_access, name="explain-access"),
    path("desk/people/", people.people, name="people"),
    path("desk/people/invite", people.invite, name="invite"),
    path("desk/people/proposals/<uuid:proposal_id>", people.decide, name="decide-proposal"),
    path("desk/people/<uuid:account_id>/", people.person, name="person"),
    path("desk/people/<uuid:account_id>/change", people.change, name="change-person"),
    path("desk/access-reviews/", people.access_reviews, name="access-reviews"),
    path("desk/access-reviews/<uuid:review_id>/", people.access_review, name="access-review"),
    path("desk/contracts/", house.contracts, name="contracts"),
    path("desk/contracts/<uuid:contract_id>/end", house.end_contract, name="contract-end"),
    path("desk/rooms-and-devices/", house.safeguards, name="safeguards"),
    path("dicom-web/studies", stow.studies, name="stow"),
    path("dicom-web/studies/<str:study_uid>", stow.studies, name="stow-study"),
    path("demo/outbox/", home.outbox, name="outbox"),
    path("language/", include("django.conf.urls.i18n")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    # Of allauth's pages for other houses' accounts none is here: staff of the directory come in by these two alone.
    path("account/staff/", directory.begin, name="staff-sign-in"),
    path("account/staff/back/", directory.back, name="staff-sign-in-back"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
