"""The form by which a patient keeps somebody from her records, in the portal and at the desk (45 CFR 164.522(a))."""

from django.http import Http404

from scanward.archive.models import Study
from scanward.people.models import Patient
from scanward.release import rights
from scanward.release.keeping import KEPT_FROM
from scanward.web.doors import SignedInRequest, place_of
from scanward.web.forms import typed


def restrict(request: SignedInRequest, patient: Patient, study: Study | None) -> None:
    """Ask for the restriction that was typed; None is the whole record."""
    row = KEPT_FROM.get(typed(request, "kept_from"))
    if row is None:
        raise Http404
    rights.ask_restriction(
        patient,
        recipients=[row[1]],
        bases=row[2],
        paid_in_full=bool(request.POST.get("paid")),
        studies=[study] if study else (),
        text=typed(request, "text")[:400],
        by=request.user,
        now=request.now,
        place=place_of(request),
    )
