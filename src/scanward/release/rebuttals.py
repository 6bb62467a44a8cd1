"""What follows an answer about a correction: a rebuttal, and who else was told (45 CFR 164.526(c)(3), (d)(3))."""

from datetime import date, datetime

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release import house
from scanward.release.models import AmendmentRequest, CorrectionTold
from scanward.release.rights import may_answer, tell, write_about
from scanward.release.suspensions import unsaid

_TOLD = "45 CFR 164.526(c)(3)"


def rebut(asked: AmendmentRequest, *, text: str, by: Account, now: datetime, place: Place) -> None:
    """Answer a statement of disagreement, once: the patient gets a copy, and it goes along with the statement.

    45 CFR 164.526(d)(3), (d)(5)(i)
    """
    if not text.strip():
        raise Unlawful("Say why the record stays as it is.", "45 CFR 164.526(d)(3)")
    actor = may_answer(asked.patient, by, now=now, place=place)
    with atomic():
        asked.refresh_from_db(from_queryset=AmendmentRequest.objects.select_for_update())
        if not asked.disagreement or asked.rebuttal:
            raise Unlawful("A rebuttal answers a statement of disagreement, once.", "45 CFR 164.526(d)(3)")
        asked.rebuttal, asked.rebutted_by, asked.rebutted_at = text.strip(), by, now
        asked.save(update_fields=["rebuttal", "rebutted_by", "rebutted_at"])
        tell(EventKind.AMENDMENT_REBUTTED, asked.patient, by=reference(actor), now=now, place=place)
        write_about(asked, "rebutted", asked.rebuttal, by=reference(actor), now=now, place=place)


def note_told(
    asked: AmendmentRequest, *, recipient: str, told_on: date | None, by: Account, now: datetime, place: Place
) -> CorrectionTold:
    """Write down that somebody was told of a correction: who has the old text, or whom the patient names.

    45 CFR 164.526(c)(3)
    """
    whom = " ".join(recipient.split())
    if not asked.accepted or asked.answered_at is None:
        raise Unlawful("Others are told of a correction that was accepted.", _TOLD)
    if not whom or len(whom) > 500:
        raise Unlawful("Say who was told, in at most 500 characters.", _TOLD)
    if told_on is None or not house.today(asked.answered_at) <= told_on <= house.today(now):
        raise Unlawful("Give the day on which they were told: after the correction, and not in the future.", _TOLD)
    actor = may_answer(asked.patient, by, now=now, place=place)
    with atomic():
        kept, new = CorrectionTold.objects.get_or_create(
            asked=asked, recipient=whom, defaults={"told_on": told_on, "told_by": by, "at": now}
        )
        if not new:
            raise Unlawful("It is written down already that they were told.", _TOLD)
        tell(EventKind.CORRECTION_TOLD, asked.patient, by=reference(actor), now=now, place=place)
    return kept


def shown_told(asked: AmendmentRequest, *, now: datetime) -> list[CorrectionTold]:
    """Who was told, as the patient reads it: without those of whom an official asked to say nothing for now."""
    kept_quiet = {row.recipient for row in unsaid([asked.patient_id], now=now).rows}
    rows = asked.told.select_related("told_by")
    return [row for row in rows if not any(row.recipient.startswith(name) for name in kept_quiet)]
