"""Asking for records, step by step: for whom, what, to whom, how, then look at it, agree to the price, and sign.

Nothing is kept until the last step; what was chosen before travels along in the form.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scanward.archive.models import Study
from scanward.bundles.language import Language
from scanward.law.authorization import Statement
from scanward.law.errors import Unlawful
from scanward.law.fees import Quote
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.portal.drafts import WAYS, Draft, hospitals, page_after, pages_of
from scanward.portal.words import REASONS, RECIPIENTS, STATEMENTS, delivery_choice
from scanward.release import actions, house
from scanward.release.actions.pricing import estimate
from scanward.release.models import ReleaseRequest
from scanward.release.ways import ARRIVAL_NAMES, MEDIUM_NAMES, Arrival, Medium
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import day, done, typed

FORMATS_FOR_OTHERS = (Medium.DICOM, Medium.PDF)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: SignedInRequest) -> HttpResponse:
    """Ask for records. No more is asked than the track may ask (T2, T4)."""
    every = showing.records_of(request.actor, now=request.now)
    if not any(record.studies for record in every):
        return render(request, "portal/request_nothing.html", {"records": every})
    sent = request.POST if request.method == "POST" else request.GET
    way = WAYS.get(str(sent.get("for", "")))
    if way is None:
        return render(request, "portal/request_who.html", {"may_represent": any(not found.own for found in every)})
    records = [record for record in every if record.studies and way.offers(record)]
    if not records:
        return render(request, "portal/request_nobody.html", {"way": way})
    draft = Draft.read(request, way, records)
    if request.method != "POST":
        return _page(request, draft, "what")
    return _next(request, draft)


def _next(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Go to the page that was asked for; forward only when the page before it is complete."""
    wanted = typed(request, "go")
    if wanted in ("", "send"):
        return _send(request, draft)
    if wanted not in pages_of(draft.way):
        return _page(request, draft, "what", status=422)
    before = pages_of(draft.way)[: pages_of(draft.way).index(wanted)]
    for page in before:
        if not done(request, partial(draft.check, page), None):
            return _page(request, draft, page, status=422)
    return _page(request, draft, wanted)


def _page(request: SignedInRequest, draft: Draft, page: str, *, status: int = 200) -> HttpResponse:
    """Show one page, with everything that was chosen on the others."""
    pages = pages_of(draft.way)
    to_other = draft.way.to_other
    context = {
        "way": draft.way,
        "draft": draft,
        "page": page,
        "posted": request.POST,
        "number": pages.index(page) + 1,
        "of": len(pages),
        "before": pages[pages.index(page) - 1] if page != pages[0] else "",
        "after": page_after(draft.way, page),
        "carried": draft.carried(page),
        "records": draft.records,
        "ways": [delivery_choice(way, on=house.today(request.now)) for way in draft.ways],
        "media": [(medium, MEDIUM_NAMES[medium]) for medium in (FORMATS_FOR_OTHERS if to_other else Medium)],
        "reasons": REASONS,
        "recipients": RECIPIENTS[draft.way.track],
        "hospitals": hospitals() if to_other and draft.way.track is not Track.AUTHORIZATION else [],
    }
    if page == "what":
        context["series"] = draft.series_choices()
    if page == "check":
        context |= _summary(request, draft)
    return render(request, f"portal/request_{page}.html", context, status=status)


def _summary(request: SignedInRequest, draft: Draft) -> dict[str, object]:
    """Everything once more, with the price, before anybody signs (E5)."""
    price = _price(request, draft)
    asked = draft.way.track is Track.AUTHORIZATION
    return {
        "studies": [showing.card(study, 0, "") for study in draft.studies],
        "delivery": ARRIVAL_NAMES[draft.delivery],
        "medium": MEDIUM_NAMES[draft.medium],
        "charges": price.charges,
        "total": price.total,
        "plain_email": draft.delivery is Arrival.PLAIN_EMAIL,
        "statements": [STATEMENTS[statement] for statement in Statement] if asked else (),
        "description": _description(draft),
        "expires_on": day(request, "expires_on"),
        "today": request.now,
    }


def _price(request: SignedInRequest, draft: Draft) -> Quote:
    return estimate(draft.delivery, draft.medium, on=house.today(request.now), track=draft.way.track)


def _send(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Take the request in, or show the page on which something is missing."""
    for page in pages_of(draft.way)[:-1]:
        if not done(request, partial(draft.check, page), None):
            return _page(request, draft, page, status=422)
    made: list[ReleaseRequest] = []

    def deed() -> None:
        asked, place = _asked(request, draft), place_of(request)
        if draft.way.track is Track.AUTHORIZATION:
            permission = _permission(request, draft)
            made.append(actions.permit_disclosure(asked, permission, by=request.user, now=request.now, place=place))
        else:
            made.append(actions.receive(asked, by=request.user, now=request.now, place=place))

    if not done(request, deed, _("We have your request.")):
        return _page(request, draft, "check", status=422)
    return redirect("request", made[0].pk)


def _asked(request: SignedInRequest, draft: Draft) -> actions.Asked:
    """Put the form into the verb's words; whether it may be asked for is for `access` to say."""
    mailbox = draft.delivery in (Arrival.EMAIL, Arrival.PLAIN_EMAIL)
    warned = draft.delivery is Arrival.PLAIN_EMAIL and bool(request.POST.get("warned"))
    if draft.delivery is Arrival.PLAIN_EMAIL and not warned:
        raise Unlawful(
            "Read the warning about plain e-mail first, and say that you still want it.", "45 CFR 164.524(c)(2)(i)"
        )
    signature = typed(request, "signature")[:200] if draft.way.signs else ""
    return actions.Asked(
        track=draft.way.track,
        patient=draft.patient,
        studies=draft.studies,
        series_ids=draft.series_ids,
        exam=typed(request, "exam")[:200],
        exam_first=day(request, "first"),
        exam_last=day(request, "last"),
        images=draft.images,
        report=draft.report,
        medium=draft.medium,
        delivery=draft.delivery,
        contact=request.user.email if mailbox else typed(request, "contact") or request.user.email,
        recipient=draft.recipient() if draft.way.to_other else None,
        purpose=PurposeOfUse.TREATMENT if draft.way.track is Track.TREATMENT else PurposeOfUse.PATIENT_REQUEST,
        reason=reason if (reason := typed(request, "reason")) in dict(REASONS) else "",
        signature=signature,
        signed_on=house.today(request.now) if signature else None,
        expedited=bool(request.POST.get("expedited")),
        expedited_reason=typed(request, "expedited_reason")[:400],
        language=Language.ES if (get_language() or "en").startswith("es") else Language.EN,
        large_print=bool(request.POST.get("large_print")),
        care=typed(request, "care") if draft.way.track is Track.TREATMENT else "",
        fee_accepted=_agreed(request, draft),
        plain_email_warned=warned,
    )


def _agreed(request: SignedInRequest, draft: Draft) -> Decimal | None:
    """The price that was shown and accepted.

    Raises:
        Unlawful: it costs something, and nobody has agreed to that yet.
    """
    if _price(request, draft).total == 0:
        return None
    try:
        return Decimal(typed(request, "fee"))
    except InvalidOperation:
        raise Unlawful(
            "Agree to the price, or choose another way. The portal is free.", "45 CFR 164.524(c)(4)"
        ) from None


def _permission(request: SignedInRequest, draft: Draft) -> actions.Permission:
    authority = next((record.authority for record in draft.records if record.patient == draft.patient), "")
    return actions.Permission(
        description=_description(draft),
        purpose=typed(request, "purpose"),
        expires_on=day(request, "expires_on"),
        expires_when=typed(request, "expires_when"),
        authority=authority,
    )


def _description(draft: Draft) -> str:
    """What is permitted, in words that the signer reads: kinds, and each scan with its day."""
    kinds = " + ".join(
        str(word) for word, there in ((_("CT images"), draft.images), (_("report"), draft.report)) if there
    )
    scans = "; ".join(f"{showing.title(study)}, {_day(study)}" for study in draft.studies)
    return f"{kinds}: {scans}"


def _day(study: Study) -> str:
    performed: date | None = house.today(study.performed_at) if study.performed_at else None
    return date_format(performed, "DATE_FORMAT") if performed else "—"
