"""The desk's queue of requests, and the page on which a request is worked to its end."""

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from scanward.access.actions import AccessRefused, atomic
from scanward.access.actors import reference
from scanward.archive.models import Study
from scanward.desk.steps import DEEDS, told
from scanward.desk.words import LEVEL_NAMES, RECIPIENT_NAMES, STATE_NAMES, TRACK_NAMES
from scanward.intake.pull.pacs import any_configured
from scanward.law.bases import RecipientKind
from scanward.law.clock import extendable_until
from scanward.law.denials import Ground
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.identity import How, Proof
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track, bases_of
from scanward.people.kinds import DESK, RECORDS
from scanward.people.models import Account, Patient
from scanward.people.proofing import MOST_DOCUMENT
from scanward.release import actions, clocks, house, letters, papers, peers, reports
from scanward.release.actions.deciding import lacking, prompts
from scanward.release.actions.denying import LICENSED, reviews_open, to_be_decided
from scanward.release.contents import Download
from scanward.release.kinds import ANSWERED, State
from scanward.release.machine import NotNow, events
from scanward.release.models import Authorization, Custody, Delivery, Letter, Paper, PaperKind, ReleaseRequest
from scanward.release.moving import current_quote, verdict
from scanward.release.ways import ARRIVAL_NAMES, CHANNEL_NAMES, MEDIUM_NAMES, ON_MEDIA, Arrival, Channel, Medium
from scanward.web import showing
from scanward.web.doors import SignedInRequest, gone, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed
from scanward.web.history import history
from scanward.web.ranges import ranged

Copy = TypeVar("Copy", bytes, Download)
MOST = 500
STARTS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
# The words beside what is read back.
DETAILS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "organization": gettext_lazy("Organization"),
    "address": gettext_lazy("Address"),
    "email": gettext_lazy("E-mail address"),
    "phone": gettext_lazy("Telephone"),
    "contact": gettext_lazy("Address, e-mail address or telephone"),
    "peer": gettext_lazy("Connected hospital"),
}


@require_safe
@signed_in
def queue(request: SignedInRequest) -> HttpResponse:
    """One queue for both departments: urgent first, then what will be late first (B2, F6)."""
    _worker(request)
    found = clocks.unanswered()
    rows = [_line(request, row) for row in found.select_related("claimed_by")[:MOST]]
    late = sum(1 for row in rows if row["level"] == "OVERDUE")
    context = {"rows": rows, "late": late, "count": found.count(), "reviews": _reviews(request)}
    return render(request, "desk/requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def enter(request: SignedInRequest) -> HttpResponse:
    """Enter a request that came by telephone, letter, form or in person (B1); it counts from when it arrived."""
    _worker(request)
    context = {
        "channels": [(way.value, CHANNEL_NAMES[way]) for way in Channel if way is not Channel.PORTAL],
        "tracks": TRACK_NAMES.items(),
        "ways": ARRIVAL_NAMES.items(),
        "media": MEDIUM_NAMES.items(),
        "recipients": RECIPIENT_NAMES.items(),
        # What was typed and chosen stays when something has to be mended.
        "posted": request.POST,
    }
    if request.method != "POST":
        return render(request, "desk/request_new.html", context)
    made: list[ReleaseRequest] = []

    def deed() -> None:
        """Take it in together with the scan of its paper: both, or neither."""
        scan, by, now, place = request.FILES.get("paper"), request.user, request.now, place_of(request)
        with atomic():
            row = actions.receive(_entered(request), by=by, now=now, place=place)
            if isinstance(scan, UploadedFile):
                papers.attach(row, PaperKind.FORM, scan.read(MOST_DOCUMENT + 1), by=by, now=now, place=place)
        made.append(row)

    if not done(request, deed, _("The request is in the queue, and its clock runs.")):
        return render(request, "desk/request_new.html", context, status=422)
    return redirect("desk-request", made[0].pk)


@require_safe
@signed_in
def show(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Show a request with every step that can be taken now, and what is still missing for the others."""
    _worker(request)
    row = _found(request_id)
    actions.look(row, by=request.user, now=request.now, place=place_of(request))
    state, held = State(row.state), Authorization.objects.filter(request=row).first()
    package = row.packages.filter(ended_at=None).first()
    context = {
        "row": row,
        "line": _line(request, row),
        "track": TRACK_NAMES[Track(row.track)],
        "delivery": ARRIVAL_NAMES[Arrival(row.delivery)],
        "channel": CHANNEL_NAMES[Channel(row.channel)],
        "can": {event.value for event in events(state)},
        "extend_until": extendable_until(clocks.clock_of(row)) if row.received_at and row.rules else None,
        "lacking": _lacking(row, request),
        "studies": [showing.card(study, 0, "") for study in row.studies.select_related("patient")],
        "candidates": _candidates(row),
        "identity_proofs": list(Proof),
        "identity_ways": list(How),
        "prompts": prompts(row),
        "authorization": held,
        "defects": verdict(held, now=request.now).findings if held else (),
        "bases": sorted(bases_of(Track(row.track))),
        "documents": [document for document in Document if document is not Document.CONTRACT],
        "grounds": list(Ground),
        "licensed": Account.objects.filter(
            assignments__role__in=[role.value for role in LICENSED], assignments__ended_at=None, is_active=True
        ).distinct(),
        "quote": current_quote(row),
        "denial": to_be_decided(row),
        "withheld": row.items - row.grantable,
        "followers": row.followers.all(),
        "package": package,
        "own_build": row.builder == str(request.user.pk),
        "way": Arrival(row.delivery).name,
        "history": history(row, public=False),
        "letters": letters.titled(row.letters.all()),
        "thread": row.messages.all(),
        "ended": state in ANSWERED,
        "may_pull": any_configured() and row.patient_id is not None and bool(request.actor.roles & RECORDS),
        "papers": row.papers.all(),
        "paper_kinds": PaperKind.choices,
        "on_paper": row.medium == Medium.PAPER.value,
        "medium": MEDIUM_NAMES[Medium(row.medium)],
        "read_back": _read_back(row),
        "peers": _peers() if row.delivery == Arrival.EXCHANGE.value else [],
        "transfer": row.transfers.first(),
        "label": actions.media_label(package) if package and Arrival(row.delivery) in ON_MEDIA else "",
        "proofs": _proofs(row),
    }
    return render(request, "desk/request.html", context)


@require_POST
@signed_in
def act(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Take one step; the verb behind it checks whether this person may, and whether it can be done now."""
    _worker(request)
    row = _found(request_id)
    found = DEEDS.get(typed(request, "do"))
    if found is None:
        raise Http404
    said, verb = found
    answer: list[str] = []
    step = told(request, row, lambda: answer.append(verb(request, row) or ""))
    if done(request, step, said) and any(answer):
        return render(request, "desk/request_secret.html", {"row": row, "secret": answer[0]})
    return redirect("desk-request", row.pk)


@require_safe
@signed_in
def backlog(request: SignedInRequest) -> HttpResponse:
    """Show how the house keeps its dates: open, age, share in time, median days (F10)."""
    _worker(request)
    return render(request, "desk/backlog.html", {"report": reports.backlog(now=request.now)})


@require_safe
@signed_in
def letter_pdf(request: SignedInRequest, letter_id: UUID) -> FileResponse:
    """Give a letter of a request to the desk, which prints it for who has no account."""
    _worker(request)
    kept = get_object_or_404(Letter, pk=letter_id, request__isnull=False)
    letters.opened(kept, by=reference(request.actor), now=request.now, place=place_of(request))
    return FileResponse(BytesIO(letters.pdf(kept)), filename="letter.pdf", content_type="application/pdf")


@require_POST
@signed_in
def attach(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Keep a scanned paper with a request, sealed."""
    _worker(request)
    row = _found(request_id)

    def deed() -> None:
        sent, kind = request.FILES.get("paper"), typed(request, "kind")
        if not isinstance(sent, UploadedFile) or kind not in PaperKind.values:
            raise Unlawful("Choose the scanned paper, and say what it is.", "45 CFR 164.530(j)(1)")
        content, place = sent.read(MOST_DOCUMENT + 1), place_of(request)
        papers.attach(row, PaperKind(kind), content, by=request.user, now=request.now, place=place)

    done(request, told(request, row, deed), _("The paper is kept with the request, encrypted."))
    return redirect("desk-request", row.pk)


@require_safe
@signed_in
def paper(request: SignedInRequest, request_id: UUID, paper_id: UUID) -> HttpResponse:
    """Hand out a scanned paper while it is kept; each look is in the ledger."""
    _worker(request)
    kept = get_object_or_404(Paper.objects.select_related("request"), pk=paper_id, request=request_id)
    try:
        content = papers.open_paper(kept, by=request.user, now=request.now, place=place_of(request))
    except Unlawful:
        return gone(request)
    except AccessRefused:
        raise Http404 from None
    return _inert(content, "paper")


@require_safe
@signed_in
def print_pdf(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Give the checked report to the printer at the desk (G11)."""
    _worker(request)
    made = _made(request, request_id, actions.print_report)
    return redirect("desk-request", request_id) if made is None else _inert(made, "report")


@require_GET
@signed_in
def copy_zip(request: SignedInRequest, request_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Give the checked, locked copy to the desk, which writes it on a disc or a stick (G9, G10)."""
    _worker(request)
    made = _made(request, request_id, actions.copy_for_medium)
    if made is None:
        return redirect("desk-request", request_id)
    return ranged(request, made, name="records.zip", content_type="application/zip")


def _made(request: SignedInRequest, request_id: UUID, verb: Callable[..., Copy]) -> Copy | None:
    """Return the copy that a verb makes of a request; None if it can't be made now, and the page will say why."""
    row, made = _found(request_id), list[Copy]()
    step = told(request, row, lambda: made.append(verb(row, by=request.user, now=request.now, place=place_of(request))))
    return made[0] if done(request, step, None) else None


def _inert(content: bytes, name: str) -> HttpResponse:
    """A document that came from outside is never a page of ours (fault B17)."""
    kind = next((kind for start, kind in STARTS.items() if content.startswith(start)), "application/octet-stream")
    answer = HttpResponse(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind.rpartition("/")[2]}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _reviews(request: SignedInRequest) -> list[dict[str, object]]:
    """The reviews of denials that wait for a decision, and those that were granted and not followed yet."""
    today = house.today(request.now)
    return [
        {
            "row": denial.request,
            "due": denial.review_due_on,
            "late": denial.review_due_on is not None and denial.review_due_on < today,
            "granted": bool(denial.outcome),
        }
        for denial in reviews_open()[:MOST]
    ]


def _worker(request: SignedInRequest) -> None:
    if not request.actor.roles & DESK:
        raise Http404


def _found(request_id: UUID) -> ReleaseRequest:
    rows = ReleaseRequest.objects.select_related("patient", "recipient", "claimed_by", "requester")
    return get_object_or_404(rows, pk=request_id)


def _line(request: SignedInRequest, row: ReleaseRequest) -> dict[str, object]:
    """What the queue says about a request: no scan, no diagnosis."""
    reading = clocks.read(row, now=request.now)
    return {
        "row": row,
        "state": STATE_NAMES[State(row.state)],
        "due": row.extended_to or row.due_on,
        "level": reading.level.name,
        "warning": LEVEL_NAMES[reading.level],
        "days": reading.days_left,
        "mine": row.claimed_by_id == request.user.pk,
        "track": TRACK_NAMES[Track(row.track)],
    }


def _read_back(row: ReleaseRequest) -> list[tuple[str, str | Promise]]:
    """What is still to be read back: only what is on file, and the hospital that it is sent to."""
    stated = letters.to_read_back(row)
    if not stated or stated == row.read_back or (row.recipient and row.recipient.confirmed_at):
        return []
    named = {*stated, *(["peer"] if row.delivery == Arrival.EXCHANGE.value else [])}
    return [(name, label) for name, label in DETAILS.items() if name in named]


def _peers() -> list[str]:
    """The hospitals that we are connected with; none while their list can't be read."""
    try:
        return [peer.name for peer in peers.load()]
    except peers.BadPeers:
        return []


def _proofs(row: ReleaseRequest) -> list[tuple[Delivery, str | Promise, list[Custody]]]:
    """Every delivery with its way, and the chain of hands through which its disc or stick went (G9, G10, G19)."""
    sent = row.deliveries.select_related("package").prefetch_related("package__custody")
    return [(each, ARRIVAL_NAMES[Arrival(each.way)], list(each.package.custody.all())) for each in sent]


def _lacking(row: ReleaseRequest, request: SignedInRequest) -> list[str]:
    """What an approval still needs, in sentences."""
    try:
        return [need.value for need in lacking(row, now=request.now)]
    except NotNow:
        return []


def _candidates(row: ReleaseRequest) -> list[showing.StudyCard]:
    """The scans that the request may be about: of its patient, or of whom name and date of birth point to."""
    if row.patient_id is not None:
        found = Study.objects.filter(patient_id=row.patient_id)
    elif row.asked_birth_date and " " in row.asked_name:
        family = row.asked_name.rsplit(" ", 1)[1]
        people = Patient.objects.filter(birth_date=row.asked_birth_date, family_name__iexact=family)
        found = Study.objects.filter(patient__in=people)
    else:
        found = Study.objects.none()
    return showing.cards(found)


def _entered(request: SignedInRequest) -> actions.Asked:
    """Read the entry form; whoever is named is looked for by number, and else matched later."""
    arrived = day(request, "received")
    return actions.Asked(
        track=chosen(request, "track", Track) or Track.ACCESS,
        number=typed(request, "number")[:64],
        name=typed(request, "name")[:200],
        birth_date=day(request, "born"),
        requester_name=typed(request, "requester")[:200] or typed(request, "name")[:200],
        contact=typed(request, "contact")[:400],
        exam=typed(request, "exam")[:200],
        exam_first=day(request, "first"),
        exam_last=day(request, "last"),
        images=bool(request.POST.get("images")),
        report=bool(request.POST.get("report")),
        medium=chosen(request, "medium", Medium) or Medium.DICOM,
        delivery=chosen(request, "delivery", Arrival) or Arrival.MAIL,
        recipient=_recipient(request),
        purpose=PurposeOfUse.PATIENT_REQUEST,
        signature=typed(request, "signature")[:200],
        signed_on=day(request, "signed_on"),
        expedited=bool(request.POST.get("expedited")),
        expedited_reason=typed(request, "expedited_reason")[:400],
        language=typed(request, "language") if typed(request, "language") in ("en", "es") else "en",
        large_print=bool(request.POST.get("large_print")),
        by_representative=bool(request.POST.get("by_representative")),
        channel=chosen(request, "channel", Channel) or Channel.LETTER,
        received_at=reports.start_of(arrived) if arrived else None,
    )


def _recipient(request: SignedInRequest) -> actions.RecipientDetails | None:

    kind = chosen(request, "recipient_kind", RecipientKind)
    if kind is None or not typed(request, "recipient_name"):
        return None
    return actions.RecipientDetails(
        kind=kind,
        name=typed(request, "recipient_name")[:200],
        organization=typed(request, "recipient_organization")[:200],
        address=typed(request, "recipient_address")[:400],
        email=typed(request, "recipient_email")[:254],
        state=typed(request, "recipient_state")[:2].upper(),
    )
