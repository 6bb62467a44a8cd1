"""The people around a patient: whose account is connected, who may act for her, and the addresses on file."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scanward.access import linking
from scanward.access.actors import reference
from scanward.access.care import treating
from scanward.access.decide import decide
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.access.standing import is_minor, why_not
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed
from scanward.people.contacts import change_contact
from scanward.people.invitations import account_for
from scanward.people.kinds import (
    AUTHORITY_NAMES,
    CARE_NAMES,
    CONTACT_NAMES,
    PROOF_NAMES,
    Authority,
    CareKind,
    ContactSystem,
    ProofMethod,
)
from scanward.people.models import Account, ContactPoint, IdentityProof, Patient, PatientLink, Representation
from scanward.people.proofing import near_identical
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, done, typed

# Whoever may do one of these has something to do on the page.
HERE = (
    Action.LINK_PATIENT,
    Action.VERIFY_IDENTITY,
    Action.MANAGE_REPRESENTATIVE,
    Action.REFUSE_REPRESENTATIVE,
    Action.LABEL_STUDY,
    Action.MANAGE_CARE,
    Action.CHANGE_PATIENT,
    Action.WATCH_PATIENT,
    Action.ANSWER_RIGHTS,
)
AROUND = (Action.VERIFY_IDENTITY, Action.MANAGE_REPRESENTATIVE, Action.REFUSE_REPRESENTATIVE)
STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"%PDF": "application/pdf"}


def may(request: SignedInRequest, action: Action, patient: Patient) -> bool:
    """Return whether a button is worth showing; the verb behind it asks again."""
    wanted, purpose = RecordFacts(patient.id), PurposeOfUse.RECORDS
    return isinstance(decide(request.actor, action, wanted, purpose, Context(), now=request.now), Grant)


def may_people(request: SignedInRequest, patient: Patient) -> bool:
    """Return whether the page about the people around a patient opens to this person."""
    return any(may(request, action, patient) for action in AROUND)


def worker_of(request: SignedInRequest, patient_id: UUID, *actions: Action) -> Patient:
    """Return the patient to whoever may do one of the actions; the look is in the ledger.

    Raises:
        Http404: she may do none of them.
    """
    patient = get_object_or_404(Patient, pk=patient_id)
    action = next((one for one in actions if may(request, one, patient)), actions[0])
    granted(request, action, RecordFacts(patient.id), purpose=PurposeOfUse.RECORDS, told=request.method == "POST")
    return patient


@require_safe
@signed_in
def people(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show accounts, representatives and addresses, each with what this person may do about it."""
    patient = worker_of(request, patient_id, *AROUND)
    links = PatientLink.objects.filter(patient=patient, ended_at=None).select_related("account", "proof__verified_by")
    held = Representation.objects.filter(patient=patient).select_related("account", "proof", "patient", "refused_by")
    context = {
        "patient": patient,
        "links": [(link, PROOF_NAMES[ProofMethod(link.proof.method)]) for link in links],
        "authorities": [
            (row, AUTHORITY_NAMES[Authority(row.authority)], _standing(request, row))
            for row in held.order_by("-valid_from")
        ],
        "contacts": [(row, CONTACT_NAMES[ContactSystem(row.system)]) for row in patient.contacts.order_by("system")],
        "systems": CONTACT_NAMES.items(),
        "minor": is_minor(patient, now=request.now),
        "treating": [(row, CARE_NAMES[CareKind(row.kind)]) for row in treating(patient, now=request.now)],
        "care_kinds": CARE_NAMES.items(),
        "may": {action.value: may(request, action, patient) for action in HERE},
    }
    return render(request, "desk/patient_people.html", context)


def _standing(request: SignedInRequest, row: Representation) -> str:
    """Return why an authority does not hold now, or nothing."""
    if row.valid_from > request.now:
        return _("It has not begun yet.")
    if row.valid_until is not None and row.valid_until <= request.now:
        return _("Its time is over.")
    return why_not(row, now=request.now)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connect(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Make sure that an account belongs to this patient, in one of four ways; nobody has to come (C1-C4)."""
    patient = worker_of(request, patient_id, Action.VERIFY_IDENTITY)
    links = may(request, Action.LINK_PATIENT, patient)
    ways = [way for way in ProofMethod if links or way in (ProofMethod.IN_PERSON, ProofMethod.CODE_TO_ADDRESS)]
    contacts = [row for row in patient.contacts.all() if row.system != ContactSystem.PHONE.value]
    context: dict[str, object] = {
        "patient": patient,
        "ways": [(way.value, PROOF_NAMES[way]) for way in ways],
        "contacts": [(row, CONTACT_NAMES[ContactSystem(row.system)]) for row in contacts],
        "twins": near_identical(patient),
        "typed": request.POST,
    }
    if request.method != "POST":
        return render(request, "desk/patient_connect.html", context)
    method = chosen(request, "method", ProofMethod)
    codes: list[str] = []

    def deed() -> None:
        if method is None:
            raise NotAllowed(_("Choose how you make sure who it is."))
        codes.append(CONNECT[method](request, patient))

    if not done(request, deed, SAID.get(method, "") if method else ""):
        return render(request, "desk/patient_connect.html", context, status=422)
    if codes[0]:
        sent = ContactPoint.objects.filter(pk=_number(request, "contact"), patient=patient).first()
        return render(
            request,
            "desk/patient_code.html",
            {"patient": patient, "code": f"{codes[0][:5]}-{codes[0][5:]}", "address": sent},
        )
    return redirect("patient-people", patient.id)


def _account(request: SignedInRequest) -> Account:
    """Return the account that was named, new or not."""
    return account_for(
        typed(request, "email"),
        typed(request, "name"),
        actor=reference(request.actor),
        place=place_of(request),
        now=request.now,
    )


def _number(request: SignedInRequest, name: str) -> int:
    """Return a row's number from the form; 0 is nobody's."""
    value = typed(request, name)
    return int(value) if value.isdecimal() and len(value) < 18 else 0


def upload(request: SignedInRequest) -> bytes:
    """Return the copy of a document; the verb says what is wrong with an empty one."""
    sent = request.FILES.get("document")
    return sent.read() if sent is not None else b""


def _in_person(request: SignedInRequest, patient: Patient) -> str:
    return linking.hand_code(_account(request), patient, by=request.user, place=place_of(request), now=request.now)


def _to_address(request: SignedInRequest, patient: Patient) -> str:
    contact = ContactPoint.objects.filter(pk=_number(request, "contact"), patient=patient).first()
    if contact is None:
        raise NotAllowed(_("Choose an address on file that a letter or an e-mail reaches."))
    account, place = _account(request), place_of(request)
    return linking.send_code(account, patient, contact, by=request.user, place=place, now=request.now)


def _by_document(request: SignedInRequest, patient: Patient) -> str:
    linking.link_by_document(
        _account(request),
        patient,
        evidence=typed(request, "evidence"),
        document=upload(request),
        by=request.user,
        place=place_of(request),
        now=request.now,
    )
    return ""


def _by_account(request: SignedInRequest, patient: Patient) -> str:
    linking.link_by_account(_account(request), patient, by=request.user, place=place_of(request), now=request.now)
    return ""


CONNECT: dict[ProofMethod, Callable[[SignedInRequest, Patient], str]] = {
    ProofMethod.IN_PERSON: _in_person,
    ProofMethod.CODE_TO_ADDRESS: _to_address,
    ProofMethod.DOCUMENT: _by_document,
    ProofMethod.EXISTING_ACCOUNT: _by_account,
}
SAID: dict[ProofMethod, str | Promise] = {
    ProofMethod.IN_PERSON: gettext_lazy("The code is made. It works for one hour."),
    ProofMethod.CODE_TO_ADDRESS: gettext_lazy("The code is made. It works for three weeks."),
    ProofMethod.DOCUMENT: gettext_lazy("The account is connected with the record."),
    ProofMethod.EXISTING_ACCOUNT: gettext_lazy("The account is connected with the record."),
}


@require_POST
@signed_in
def disconnect(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """End the connection of an account with the record."""
    patient = worker_of(request, patient_id, Action.LINK_PATIENT)
    link = get_object_or_404(PatientLink, pk=_number(request, "link"), patient=patient, ended_at=None)
    place = place_of(request)
    done(request, lambda: linking.unlink(link, by=request.user, place=place, now=request.now), _("Disconnected."))
    return redirect("patient-people", patient.id)


@require_POST
@signed_in
def address(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Put an address on file; the one before and the patient's account are told (I12)."""
    patient = worker_of(request, patient_id, Action.LINK_PATIENT)

    def deed() -> None:
        system = chosen(request, "system", ContactSystem)
        if system is None:
            raise NotAllowed(_("Choose what kind of address it is."))
        change_contact(
            patient,
            system,
            typed(request, "value"),
            confidential=bool(request.POST.get("confidential")),
            actor=reference(request.actor),
            place=place_of(request),
            now=request.now,
        )

    done(request, deed, _("The address is on file. The one before and the account were told."))
    return redirect("patient-people", patient.id)


@require_safe
@signed_in
def document(request: SignedInRequest, patient_id: UUID, proof_id: UUID) -> HttpResponse:
    """Hand out the copy of a document while it is kept; each look is in the ledger."""
    patient = get_object_or_404(Patient, pk=patient_id)
    granted(request, Action.VERIFY_IDENTITY, RecordFacts(patient.id), purpose=PurposeOfUse.RECORDS, told=True)
    about = (
        PatientLink.objects.filter(patient=patient, proof=proof_id),
        Representation.objects.filter(patient=patient, proof=proof_id),
    )
    proof = get_object_or_404(IdentityProof, pk=proof_id if any(rows.exists() for rows in about) else None)
    try:
        copy = linking.open_copy(proof, patient, by=request.user, place=place_of(request), now=request.now)
    except NotAllowed:
        return render(request, "errors/410.html", status=410)
    kind = next((kind for start, kind in STARTS.items() if copy.startswith(start)), "application/octet-stream")
    answer = HttpResponse(copy, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="document.{kind.rpartition("/")[2]}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
