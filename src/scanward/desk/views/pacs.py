"""Records staff find a patient's scans at a PACS, and have them fetched."""

from enum import StrEnum
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action, RecordFacts
from scanward.intake.models import Retrieval
from scanward.intake.pull import fetching
from scanward.intake.pull.finding import Found, look
from scanward.intake.pull.pacs import BadPacs, Pacs, load
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, done, typed

SHOWN = 10
WHY = {
    fetching.UNREACHED: gettext_lazy("The PACS did not answer."),
    fetching.MISSING: gettext_lazy("The PACS did not send everything."),
    fetching.UNREADABLE: gettext_lazy("Some of it can't be read, and was not taken."),
    fetching.STOPPED: gettext_lazy("There was no room for it here, or the storage did not answer."),
    fetching.NOT_ALLOWED: gettext_lazy("Whoever asked for it may not bring records in any more."),
    fetching.GONE: gettext_lazy("This PACS is no longer among those that may be asked."),
}


class Step(StrEnum):
    """What may be done here."""

    LOOK = "look"
    FETCH = "fetch"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def patient_at(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show what is being fetched; ask a PACS by POST, so that what it answers stands in no address and no history."""
    patient = get_object_or_404(Patient, pk=patient_id)
    granted(request, Action.IMPORT, RecordFacts(patient.id), purpose=PurposeOfUse.RECORDS, told=True)
    context: dict[str, object] = {"patient": patient, "those": _those(request)}
    if request.method == "POST":
        name, step = typed(request, "pacs"), chosen(request, "step", Step)
        asked = next((one for one in _those(request) if one.name == name), None)
        if asked is None or step is None:
            raise Http404
        if step is Step.FETCH:
            _fetch(request, asked, patient)
            return redirect("desk-pacs", patient.id)
        context |= {"asked": asked, "accession": typed(request, "accession")}
        context["found"] = _look(request, asked, patient)
    rows = [
        {"it": row, "why": WHY.get(row.problem, ""), "going": row.state in fetching.GOING}
        for row in Retrieval.objects.filter(patient=patient).order_by("-started_at")[:SHOWN]
    ]
    # The page of an answer is not loaded again: that would ask again.
    going = request.method != "POST" and any(row["going"] for row in rows)
    return render(request, "desk/pacs.html", context | {"rows": rows, "going": going})


def _those(request: SignedInRequest) -> tuple[Pacs, ...]:
    """Return the PACS that may be asked; where the file is wrong, none, and what is wrong."""
    try:
        return load()
    except BadPacs as wrong:
        messages.error(request, str(wrong))
        return ()


def _look(request: SignedInRequest, asked: Pacs, patient: Patient) -> Found | None:
    """Return what the PACS has of the patient, or say why it could not be asked."""
    found: list[Found] = []

    def deed() -> None:
        accession, place = typed(request, "accession"), place_of(request)
        found.append(look(asked, patient, actor=request.actor, place=place, now=request.now, accession=accession))

    done(request, deed, "")
    return found[0] if found else None


def _fetch(request: SignedInRequest, asked: Pacs, patient: Patient) -> None:
    """Have one study fetched; whose it is, the PACS is asked again."""
    uid, place = typed(request, "study"), place_of(request)
    done(
        request,
        lambda: fetching.start(asked, patient, uid, by=request.user, place=place, now=request.now),
        _("It is being fetched. You may close this page."),
    )
