"""The patient's own pages: the timeline, a study with its report and images, and a copy to keep."""

from io import BytesIO
from uuid import UUID

from django.contrib import messages
from django.db.models import Sum
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from scanward.access.actions import AccessRefused
from scanward.access.ended import ended_authorities
from scanward.access.kinds import Action, RecordFacts, Relation
from scanward.archive.models import TAKEN_BACK, Instance, Report, Study
from scanward.archive.reports import SectionKind, current, read_document, read_report
from scanward.archive.urgent import treating
from scanward.bundles import passphrase
from scanward.law.errors import Unlawful
from scanward.portal.glossary import advice_in, terms_in
from scanward.release import house, packages
from scanward.release.contents import locked_pdf
from scanward.release.corrections import statements_of, with_statements
from scanward.release.holds import withheld_report
from scanward.release.models import Package
from scanward.web import showing
from scanward.web.doors import (
    SignedInRequest,
    allowed,
    gone,
    here,
    kept_back,
    not_here,
    place_of,
    purpose_here,
    signed_in,
    study_or_404,
)
from scanward.web.forms import typed
from scanward.web.ranges import ranged


@require_safe
@signed_in
def scans(request: SignedInRequest) -> HttpResponse:
    """Show all scans on a timeline (I16)."""
    records = showing.timelines_of(request.actor, now=request.now)
    ended = [showing.authority_words(one) for one in ended_authorities(request.user, now=request.now)]
    return render(request, "portal/scans.html", {"records": records, "ended": ended})


@require_safe
@signed_in
def study(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Show one study: the report in its sections (H1), then the images (I5)."""
    found = study_or_404(study_id)
    kept = kept_back(request, found).held
    # The page shows everything, so it asks for the most; who may see less has a page of its own at the desk.
    # What is kept back from this reader has its place on the page, with words instead.
    if Action.VIEW_IMAGES not in kept:
        allowed(request, Action.VIEW_IMAGES, found, told=True)
    grant = allowed(request, Action.VIEW_STUDY, found)
    latest, report = found.reports.first(), current(found)
    until = withheld_report(found, now=request.now) if Action.VIEW_REPORT in kept else None
    context = {
        "study": _card(found, report),
        "report": _report(request, found, report) if report and Action.VIEW_REPORT not in kept else None,
        "taken_back": latest if latest and latest.status in TAKEN_BACK else None,
        "held_until": until.ends_at if until else None,
        "report_denied": bool(report) and Action.VIEW_REPORT in kept and until is None,
        "images_denied": Action.VIEW_IMAGES in kept,
        "statements": statements_of([found]),
        "own": found.patient_id in request.actor.own_patients,
        # In an emergency one looks; nothing is taken away or passed on.
        "may_take": grant.relation is not Relation.EMERGENCY,
        # Other scans stand beside it, to compare with (H8).
        "at_desk": grant.relation in (Relation.ASSIGNED, Relation.EMERGENCY),
        "others": showing.cards(Study.objects.filter(patient=found.patient).exclude(pk=found.pk))
        if grant.relation in (Relation.ASSIGNED, Relation.EMERGENCY, Relation.OWN)
        else [],
    }
    return render(request, "portal/study.html", context)


@require_safe
@signed_in
def still(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Say whether an open page may go on showing the study; a look that the page had is not told again."""
    found = study_or_404(study_id)
    kept = kept_back(request, found, Action.VIEW_IMAGES).held
    allowed(request, Action.VIEW_STUDY if Action.VIEW_IMAGES in kept else Action.VIEW_IMAGES, found, told=True)
    return HttpResponse(content_type="text/plain")


@require_safe
@signed_in
def compare(request: SignedInRequest, study_id: UUID, other_id: UUID) -> HttpResponse:
    """Show two scans of one person side by side, each under a decision of its own."""
    pair = [study_or_404(study_id), study_or_404(other_id)]
    if pair[0].patient_id != pair[1].patient_id or pair[0] == pair[1]:
        raise Http404
    for one in pair:
        allowed(request, Action.VIEW_IMAGES, one, told=True)
        grant = allowed(request, Action.VIEW_STUDY, one)
    context = {
        "pair": [_card(one, one.reports.first()) for one in pair],
        "study": pair[0],
        "own": grant.relation is Relation.OWN,
    }
    return render(request, "portal/compare.html", context)


@require_safe
@signed_in
def report_pdf(request: SignedInRequest, study_id: UUID) -> HttpResponse | FileResponse:
    """Give the report as a PDF (G2)."""
    document = _document(request, study_or_404(study_id))
    return _saved(document) if document else gone(request)


@require_POST
@signed_in
def report_locked(request: SignedInRequest, study_id: UUID) -> HttpResponse | FileResponse:
    """Give the report as a PDF that opens with a passphrase only, which the person has chosen or written down (G7)."""
    found = study_or_404(study_id)
    document = _document(request, found)
    if document is None:
        return gone(request)
    try:
        return _saved(locked_pdf(document, typed(request, "passphrase")))
    except Unlawful as why:
        messages.error(request, gettext(why.sentence))
        return redirect(here(request, "download", found.pk))


def _document(request: SignedInRequest, found: Study) -> bytes | None:
    """Return the report on paper, if there is one now."""
    grant = allowed(request, Action.VIEW_REPORT, found)
    report = current(found)
    if report is None:
        return None
    sections = {section.kind: section.text for section in read_report(grant, report, now=request.now)}
    language, day = get_language() or "en", house.today(request.now)
    document = packages.report_document(found, report, sections, language=language, day=day)
    return with_statements(document, found, language=language, day=day)


def _saved(document: bytes) -> FileResponse:
    return FileResponse(BytesIO(document), as_attachment=True, filename="report.pdf", content_type="application/pdf")


@require_safe
@signed_in
def report_document(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Give the document that is, or came with, the report: to be saved, never shown inside our pages (fault B17)."""
    found = study_or_404(study_id)
    grant = allowed(request, Action.VIEW_REPORT, found)
    report = current(found)
    document = read_document(grant, report, now=request.now) if report else None
    if document is None:
        return gone(request)
    answer = HttpResponse(document.data, content_type="application/pdf")
    answer.headers["Content-Disposition"] = 'attachment; filename="report.pdf"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def download(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Say what a copy holds and how to keep it safe; make it on POST (I3, I17, I19)."""
    found = study_or_404(study_id)
    if request.method == "POST":
        try:
            package = packages.prepare(
                request.user,
                found,
                purpose=purpose_here(request, RecordFacts(found.patient_id, found.id), Action.DOWNLOAD),
                language=get_language() or "en",
                now=request.now,
                place=place_of(request),
            )
        except AccessRefused:
            raise not_here(request, found) from None
        return redirect("package", package.id)
    allowed(request, Action.DOWNLOAD, found, told=True)
    size = Instance.objects.filter(series__study=found).aggregate(total=Sum("size"))["total"] or 0
    context = {
        "study": _card(found, current(found)),
        "size": size,
        "may_report": Action.VIEW_REPORT not in kept_back(request, found).held,
        "passphrase": passphrase.new(),
    }
    return render(request, "portal/download.html", context)


@require_GET
@signed_in
def package(request: SignedInRequest, package_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Send a copy, from the beginning or from where an earlier try stopped."""
    found = get_object_or_404(
        Package.objects.select_related("study__patient", "report"), pk=package_id, account=request.user
    )
    resumed = not request.headers.get("Range", "bytes=0-").startswith("bytes=0-")
    try:
        opened = packages.open_package(
            found,
            now=request.now,
            place=place_of(request),
            resumed=resumed,
            session_key=request.session.session_key,
        )
    except AccessRefused:
        raise not_here(request, found.study) from None
    except packages.PackageEnded:
        return gone(request)
    return ranged(request, opened, name="ct-scan.zip", content_type="application/zip")


def _card(found: Study, report: Report | None) -> showing.StudyCard:
    """Return what the page's head says about the study."""
    images = Instance.objects.filter(series__study=found, frames__gt=0).count()
    return showing.card(found, images, report.status if report else "")


def _report(request: SignedInRequest, found: Study, report: Report) -> dict[str, object]:
    """Return the report with plain titles; reading it is in the ledger as a deed of its own."""
    grant = allowed(request, Action.VIEW_REPORT, found)
    read = read_report(grant, report, now=request.now)
    sections = [
        showing.ShownSection(
            str(showing.SECTION_NAMES[section.kind]),
            str(showing.SECTION_HELP.get(section.kind, "")),
            section.text,
            tuple(advice_in(section.text)) if section.kind is SectionKind.RECOMMENDATION else (),
        )
        for section in read
    ]
    label = showing.card(found, 0, report.status).report_label
    return {
        "status": report.status,
        "label": label,
        "finalized_at": report.finalized_at,
        "critical": report.critical,
        "sections": sections,
        "document": read_document(grant, report, now=request.now) is not None,
        "terms": terms_in(section.text for section in read),
        "doctors": sorted(account.full_name for account in treating(found.patient, now=request.now)),
    }
