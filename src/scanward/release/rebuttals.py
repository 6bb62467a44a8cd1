"""What follows an answer about a correction: a rebuttal, and who else was told (45 CFR 164.526(c)(3), (d)(3))."""

from datetime import date, datetime

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.archive.models import Study
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import EventKind
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import house
from scanward.release.corrections import given_before
from scanward.release.disclosures import BY_WORD, CORRECTED, disclose
from scanward.release.models import AmendmentRequest, CorrectionTold
from scanward.release.reports import start_of
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

    It is a disclosure like any other. 45 CFR 164.526(c)(3), 164.528(a)(1)
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
        _disclose(kept, by=reference(actor), now=now, place=place)
    return kept


def _disclose(kept: CorrectionTold, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Put it into the register: on the basis of what they have already, or else as the law has them told."""
    asked = kept.asked
    before, answered = given_before(asked, kept.recipient), asked.answered_at or now
    about = [asked.study] if asked.study else list(Study.objects.filter(patient=asked.patient))
    if not about:
        return
    disclose(
        about,
        recipient=before.recipient if before else kept.recipient,
        address=before.address if before else "",
        description=CORRECTED,
        basis=Basis(before.basis) if before and before.basis else Basis.REQUIRED_BY_LAW,
        purpose=PurposeOfUse.PATIENT_REQUEST,
        channel=BY_WORD,
        by=by,
        now=now,
        place=place,
        at=max(start_of(kept.told_on), answered),
    )


def shown_told(asked: AmendmentRequest, *, now: datetime) -> list[CorrectionTold]:
    """Who was told, as the patient reads it: without those of whom an official asked to say nothing for now."""
    kept_quiet = {row.recipient for row in unsaid([asked.patient_id], now=now).rows}
    rows = asked.told.select_related("told_by")
    return [row for row in rows if not any(row.recipient.startswith(name) for name in kept_quiet)]
