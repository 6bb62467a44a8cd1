"""What goes along with every later copy of a record that somebody wanted corrected (H7, 45 CFR 164.526)."""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.db.models import Q

from scanward.archive.models import Study
from scanward.bundles.language import Language
from scanward.bundles.pdf import joined
from scanward.bundles.statement import Statement, statement_pdf
from scanward.law.bases import Basis
from scanward.release import house
from scanward.release.models import AmendmentRequest, Disclosure


def statements_of(studies: Sequence[Study]) -> list[Statement]:
    """Corrections that were accepted, statements of disagreement with their rebuttals, and denied requests.

    45 CFR 164.526(c)(1) and (d)(5); one that names no scan is about the whole record.
    """
    about = Q(study__in=studies) | Q(study=None, patient__in={study.patient_id for study in studies})
    goes_along = Q(accepted=True) | (Q(accepted=False) & (Q(attached=True) | ~Q(disagreement="")))
    rows = AmendmentRequest.objects.filter(about, goes_along)
    return [
        Statement(
            asked=row.text,
            asked_on=house.today(row.received_at),
            accepted=bool(row.accepted),
            answer=row.answer,
            disagreement=row.disagreement,
            rebuttal=row.rebuttal,
        )
        for row in rows.order_by("received_at", "pk")
    ]


def have_the_old_text(asked: AmendmentRequest) -> list[str]:
    """Who received what was corrected, and is told of it: not the patient, nor who acts for her.

    45 CFR 164.526(c)(3)(ii)
    """
    return sorted(_given(asked))


def given_before(asked: AmendmentRequest, whom: str) -> Disclosure | None:
    """The last time that somebody, named as in `have_the_old_text`, received what was corrected."""
    return _given(asked).get(whom)


def _given(asked: AmendmentRequest) -> dict[str, Disclosure]:
    """Each by name and address, with the last disclosure to them."""
    if not asked.accepted or asked.answered_at is None:
        return {}
    hers = (Basis.ACCESS.value, Basis.REPRESENTATIVE_ACCESS.value)
    rows = Disclosure.objects.filter(patient=asked.patient_id, at__lt=asked.answered_at).exclude(basis__in=hers)
    about = [row for row in rows.order_by("at") if asked.study_id is None or str(asked.study_id) in row.study_ids]
    return {", ".join(part for part in (row.recipient, row.address) if part): row for row in about}


def statement_document(studies: Sequence[Study], *, language: str, day: date) -> bytes | None:
    """Return it as a PDF; None where nothing has to go along."""
    found = statements_of(studies)
    if not found:
        return None
    return statement_pdf(found, facility=settings.FACILITY_NAME, language=Language(language), made_on=day)


def with_statements(document: bytes, study: Study, *, language: str, day: date) -> bytes:
    """Return a report with what has to go along behind it."""
    also = statement_document([study], language=language, day=day)
    return joined([document, also]).content if also else document
