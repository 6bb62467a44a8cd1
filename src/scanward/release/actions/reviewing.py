"""What a records clerk does between receipt and decision. None of it stops the clock (trap T1)."""

from collections.abc import Mapping
from datetime import datetime

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.identity import Shown, check_shown
from scanward.law.prompts import check_confirmed
from scanward.people.kinds import MailKind
from scanward.people.models import Account
from scanward.release import house, letters, notices, peers
from scanward.release.kinds import Event
from scanward.release.models import Authorization, Evidence, Message, ReleaseRequest
from scanward.release.moving import asked_by, lock, move, permit, permit_requester, tell, verdict
from scanward.release.ways import Arrival

_WORK = Action.VERIFY_IDENTITY


def look(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Write down that somebody at the desk opens a request: it says whose it is and which exam (L1)."""
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        tell(request, EventKind.RECORD_OPENED, by=reference(actor), now=now, place=place)


def claim(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Take a request as one's own work."""
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.claimed_by = by
        move(row, Event.CLAIM, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place)


def ask_info(request: ReleaseRequest, *, by: Account, question: str, now: datetime, place: Place) -> None:
    """Ask the requester for something; the clock runs on."""
    if not question.strip():
        raise Unlawful("Say what is missing.", "45 CFR 164.524(b)(1)")
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.waiting_on_requester = True
        move(row, Event.ASK_INFO, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, note=question, public=True)
        Message.objects.create(request=row, author=by.full_name, from_staff=True, body=question, at=now)
        letters.send(
            "more_information",
            {"question": question, "due": row.extended_to or row.due_on},
            request=row,
            by=reference(actor),
            now=now,
            place=place,
        )


def say(request: ReleaseRequest, *, by: Account, body: str, now: datetime, place: Place) -> Message:
    """Write into the request's secure thread: the requester, or the desk (I6)."""
    if not body.strip() or len(body) > 4000:
        raise Unlawful("A message has between 1 and 4,000 characters.", "45 CFR 164.530(c)(1)")
    staff = bool(by.roles_at(now)) and not asked_by(by, request)
    actor = (
        permit(by, _WORK, request, now=now, place=place)
        if staff
        else permit_requester(by, request, now=now, place=place)
    )
    with atomic():
        row = lock(request)
        sent = Message.objects.create(request=row, author=by.full_name, from_staff=staff, body=body.strip(), at=now)
        if not staff and row.waiting_on_requester:
            row.waiting_on_requester = False
            move(row, Event.INFO_GIVEN, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, public=True)
        tell(row, EventKind.MESSAGE_SENT, by=reference(actor), now=now, place=place)
        if staff:
            notices.news(row.requester, MailKind.REQUESTS)
        else:
            notices.news(row.claimed_by)
    return sent


def verify(
    request: ReleaseRequest, *, by: Account, shown: Shown | None, now: datetime, place: Place, authority: str = ""
) -> None:
    """Record how it was made sure who asks, and whether they may (C1, C2, C4, C5; 45 CFR 164.514(h)).

    Whoever was known before, by signing in, shows nothing more.
    """
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if shown is not None and not row.verified_at:
            check_shown(shown)
            row.verified_by, row.verified_at = by, now
            row.shown_how, row.shown_proof, row.verified_how = shown.how.value, shown.proof.value, shown.note.strip()
        if row.by_representative and authority.strip():
            row.authority_checked = True
            Evidence.objects.create(request=row, document=Document.AUTHORITY_PROOF.value, note=authority, by=by, at=now)
        detail = {"how": shown.how.name, "proof": shown.proof.name} if shown else {}
        move(row, Event.VERIFY, EventKind.REQUEST_VERIFIED, by=actor, now=now, place=place, detail=detail)


def check_authorization(
    request: ReleaseRequest, authorization: Authorization, *, by: Account, now: datetime, place: Place
) -> tuple[str, ...]:
    """Put an authorization on file and return every defect of it with its clause (D7); any one blocks."""
    actor = permit(by, Action.RECORD_AUTHORIZATION, request, now=now, place=place)
    with atomic():
        row = lock(request)
        Authorization.objects.filter(request=row).exclude(pk=authorization.pk).update(request=None, ended_at=now)
        authorization.request, authorization.patient = row, row.patient
        authorization.save()
        found = verdict(authorization, now=now)
        kind = EventKind.AUTHORIZATION_SIGNED if found.valid else EventKind.AUTHORIZATION_REFUSED
        move(
            row,
            Event.CHECK_AUTHORIZATION,
            kind,
            by=actor,
            now=now,
            place=place,
            detail={"defects": len(found.findings)},
        )
    return tuple(f"{finding.defect.value} [{finding.citation}]" for finding in found.findings)


def return_defective(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Send an authorization back with all of its defects at once, each with its clause."""
    actor = permit(by, Action.RECORD_AUTHORIZATION, request, now=now, place=place)
    with atomic():
        row = lock(request)
        held = Authorization.objects.filter(request=row).first()
        findings = verdict(held, now=now).findings if held else ()
        row.answered_at = row.closed_at = now
        move(row, Event.RETURN_DEFECTIVE, EventKind.REQUEST_RETURNED, by=actor, now=now, place=place, public=True)
        letters.send(
            "returned",
            {"defects": [{"key": f.defect.name, "text": f.defect.value, "clause": f.citation} for f in findings]},
            request=row,
            by=reference(actor),
            now=now,
            place=place,
        )


def confirm_recipient(
    request: ReleaseRequest, read_back: Mapping[str, str], *, by: Account, now: datetime, place: Place
) -> None:
    """Read the details back of whom it goes to; only if all agree are they confirmed (C6)."""
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.recipient is not None and row.delivery == Arrival.EXCHANGE.value:
            row.recipient.peer = _connected(row.recipient.peer or read_back.get("peer", ""))
        stated = letters.to_read_back(row)
        if not stated:
            raise Unlawful("The copy goes to who asked for it; there is nothing to read back.", "45 CFR 164.530(c)(1)")
        check_confirmed(stated, {name: value for name, value in read_back.items() if value.strip()})
        if row.recipient is None:
            row.read_back = stated
        else:
            row.recipient.confirmed_at, row.recipient.confirmed_by = now, by
            row.recipient.save()
        move(row, Event.CONFIRM_RECIPIENT, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place)


def _connected(name: str) -> str:
    """Return the name of a hospital of the house's own list; nothing is ever sent to another (fault C9)."""
    try:
        found = peers.find(name.strip())
    except peers.BadPeers as wrong:
        raise Unlawful(f"The list of hospitals can't be used. {wrong}", "45 CFR 164.312(e)(1)") from None
    if found is None:
        raise Unlawful("That hospital's system is not connected. Choose another way.", "45 CFR 164.524(c)(2)")
    return found.name


def not_here(request: ReleaseRequest, *, by: Account, elsewhere: str, now: datetime, place: Place) -> None:
    """Answer that the exam is not kept here, and say where it is, if that is known (B20, 45 CFR 164.524(d)(3)).

    Raises:
        Unlawful: scans of this house have been matched to the request.
    """
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.studies.exists():
            raise Unlawful("Scans of this house are matched to the request.", "45 CFR 164.524(a)(1)")
        row.elsewhere, row.answered_at, row.closed_at = elsewhere.strip()[:400], now, now
        move(row, Event.NOT_HERE, EventKind.REQUEST_CLOSED, by=actor, now=now, place=place, public=True)
        values = {"exam": row.exam, "elsewhere": row.elsewhere, "privacy_contact": house.privacy_contact()}
        letters.send("not_here", values, request=row, by=reference(actor), now=now, place=place)


def file_evidence(
    request: ReleaseRequest, document: Document, *, note: str, by: Account, now: datetime, place: Place
) -> None:
    """Note that a document which the basis needs is on file (A9)."""
    if document is Document.CONTRACT:
        raise Unlawful("Contracts stand in the list of contracts; a note here is none.", "45 CFR 164.504(e)")
    if not note.strip():
        raise Unlawful("Say what the document is and where it is kept.", "45 CFR 164.514(h)")
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        Evidence.objects.create(request=row, document=document.value, note=note.strip(), by=by, at=now)
        tell(
            row,
            EventKind.REQUEST_CHANGED,
            by=reference(actor),
            now=now,
            place=place,
            detail={"document": document.name},
        )


def note_local_rules(request: ReleaseRequest, *, note: str, by: Account, now: datetime, place: Place) -> None:
    """Answer the prompt to look up local rules (A17)."""
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.local_rules_note = note.strip()[:400]
        row.save(update_fields=["local_rules_note"])
        tell(row, EventKind.REQUEST_CHANGED, by=reference(actor), now=now, place=place, detail={"local_rules": 1})
