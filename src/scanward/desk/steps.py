"""The steps on a request's page: each reads its form and calls one verb. What it returns is shown once."""

from collections.abc import Callable
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scanward.access.actions import AccessRefused
from scanward.access.kinds import Action, Refusal
from scanward.access.matrix import doers
from scanward.archive.models import Study
from scanward.law.authorization import RevocationForm, Statement
from scanward.law.denials import Fact
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.fees import Actual
from scanward.law.holds import Item
from scanward.law.identity import How, Proof, Shown
from scanward.people.actions import NotAllowed
from scanward.people.kinds import ROLE_NAMES
from scanward.people.models import Account
from scanward.release import actions, reports
from scanward.release.actions import pricing
from scanward.release.actions.denying import to_be_decided
from scanward.release.actions.matching import patient_of
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.moving import permit
from scanward.release.ways import Arrival, Medium
from scanward.web.doors import SignedInRequest, place_of
from scanward.web.forms import chosen, day, typed

Deed = Callable[[SignedInRequest, ReleaseRequest], str | None]


def _claim(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.claim(row, by=request.user, now=request.now, place=place_of(request))


def _ask(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.ask_info(row, by=request.user, question=typed(request, "text"), now=request.now, place=place_of(request))


def _say(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.say(row, by=request.user, body=typed(request, "text"), now=request.now, place=place_of(request))


def _verify(request: SignedInRequest, row: ReleaseRequest) -> None:
    how, proof = chosen(request, "how", How), chosen(request, "proof", Proof)
    actions.verify(
        row,
        by=request.user,
        shown=Shown(how, proof, typed(request, "note")[:200]) if how and proof else None,
        authority=typed(request, "authority")[:400],
        now=request.now,
        place=place_of(request),
    )


def _match(request: SignedInRequest, row: ReleaseRequest) -> None:
    studies = list(Study.objects.filter(pk__in=ids(request.POST.getlist("study"))).select_related("patient"))
    if not studies:
        raise Unlawful("Choose at least one scan.", "45 CFR 164.524(a)(1)")
    actions.match(row, studies, patient=studies[0].patient, by=request.user, now=request.now, place=place_of(request))


def _find(request: SignedInRequest, row: ReleaseRequest) -> None:
    """Say whose record it is by the number, where the name fits nobody; the scans are then there to choose from."""
    meant = patient_of(typed(request, "number")[:64])
    actions.match(row, [], patient=meant, by=request.user, now=request.now, place=place_of(request), by_number=True)


def _unmatch(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.unmatch(row, by=request.user, reason=typed(request, "text"), now=request.now, place=place_of(request))


def _restate(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.restate(
        row,
        name=typed(request, "name")[:200],
        birth_date=day(request, "born"),
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _authorize(request: SignedInRequest, row: ReleaseRequest) -> None:
    """Type in what the paper says; whatever is left out shows as a defect."""
    said = set(request.POST.getlist("statement"))
    paper = Authorization(
        patient=row.patient,
        recipient_row=row.recipient,
        description=typed(request, "description"),
        discloser=typed(request, "discloser")[:300],
        recipient=typed(request, "recipient")[:300],
        purpose=typed(request, "purpose")[:300],
        expires_on=day(request, "expires_on"),
        expires_when=typed(request, "expires_when")[:300],
        signature=typed(request, "signature")[:200],
        signed_on=day(request, "signed_on"),
        by_representative=bool(request.POST.get("by_representative")),
        authority=typed(request, "authority")[:300],
        statements=[statement.value for statement in Statement if statement.name in said],
        individual_initiated=bool(request.POST.get("individual_initiated")),
        images=not request.POST.get("without_images"),
        report=not request.POST.get("without_report"),
        first=day(request, "exams_from"),
        last=day(request, "exams_until"),
        created_at=request.now,
    )
    actions.check_authorization(row, paper, by=request.user, now=request.now, place=place_of(request))


def _return(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.return_defective(row, by=request.user, now=request.now, place=place_of(request))


def _confirm(request: SignedInRequest, row: ReleaseRequest) -> None:
    names = ("name", "organization", "address", "email", "phone", "contact", "peer")
    back = {name: typed(request, f"back_{name}") for name in names}
    actions.confirm_recipient(row, back, by=request.user, now=request.now, place=place_of(request))


def _not_here(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.not_here(row, by=request.user, elsewhere=typed(request, "text"), now=request.now, place=place_of(request))


def _rules(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.note_local_rules(
        row, note=typed(request, "text"), by=request.user, now=request.now, place=place_of(request)
    )


def _file(request: SignedInRequest, row: ReleaseRequest) -> None:
    document = chosen(request, "document", Document)
    if document is None:
        raise Unlawful("Choose which document it is.", "45 CFR 164.514(h)")
    actions.file_evidence(
        row, document, note=typed(request, "text")[:400], by=request.user, now=request.now, place=place_of(request)
    )


def _quote(request: SignedInRequest, row: ReleaseRequest) -> None:
    lines = pricing.usual_lines(Arrival(row.delivery), Medium(row.medium))
    actions.quote(row, Actual(lines), by=request.user, now=request.now, place=place_of(request))


def _accept(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.accept_fee(row, by=request.user, now=request.now, place=place_of(request))


def _waive(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.waive(row, by=request.user, reason=typed(request, "text")[:400], now=request.now, place=place_of(request))


def _approve(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.approve(row, by=request.user, basis=typed(request, "basis"), now=request.now, place=place_of(request))


def _deny(request: SignedInRequest, row: ReleaseRequest) -> None:
    judge = Account.objects.filter(pk__in=ids([typed(request, "judge")])).first()
    actions.deny(
        row,
        by=request.user,
        judged_by=judge,
        ground=typed(request, "ground"),
        withheld=[Item(item) for item in request.POST.getlist("withheld") if item in list(Item)],
        rationale=typed(request, "text"),
        facts=[fact for fact in Fact if fact.name in request.POST.getlist("fact")],
        now=request.now,
        place=place_of(request),
    )


def _decide_review(request: SignedInRequest, row: ReleaseRequest) -> None:
    reviewer = Account.objects.filter(pk__in=ids([typed(request, "judge")])).first()
    denial = to_be_decided(row)
    if denial is None:
        raise Unlawful("Nobody has asked for a review.", "45 CFR 164.524(a)(4)")
    if reviewer is None:
        raise Unlawful("Choose who reviewed it.", "45 CFR 164.524(a)(4)")
    actions.decide_review(
        denial,
        by=request.user,
        reviewer=reviewer,
        granted=typed(request, "outcome") == "granted",
        now=request.now,
        place=place_of(request),
    )


def _extend(request: SignedInRequest, row: ReleaseRequest) -> None:
    new = day(request, "new_date")
    if new is None:
        raise Unlawful("Give the new date.", "45 CFR 164.524(b)(2)(ii)")
    actions.extend(
        row,
        by=request.user,
        reason=typed(request, "text")[:400],
        new_date=new,
        now=request.now,
        place=place_of(request),
    )


def _build(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.build(row, by=request.user, now=request.now, place=place_of(request))


def _pass(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.check_passed(
        row, by=request.user, note=typed(request, "text")[:400], now=request.now, place=place_of(request)
    )


def _fail(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.check_failed(
        row, by=request.user, note=typed(request, "text")[:400], now=request.now, place=place_of(request)
    )


def _deliver(request: SignedInRequest, row: ReleaseRequest) -> str:
    """Deliver; the passphrase or the link comes back once, for the clerk to pass on by another way."""
    last = day(request, "last_day")
    over = actions.HandOver(
        tracking=typed(request, "tracking")[:64],
        serial=typed(request, "serial")[:64],
        identified_by=typed(request, "identified_by")[:200],
        signature=typed(request, "signature")[:200],
        passphrase_by=typed(request, "passphrase_by"),
        passcode=typed(request, "passcode"),
        certificate=typed(request, "certificate"),
        expires_at=reports.end_of(last) if last else None,
    )
    sent = actions.deliver(row, over, by=request.user, now=request.now, place=place_of(request))
    if sent.secret:
        return f"{request.build_absolute_uri('/shared/')}#{sent.secret}"
    return sent.passphrase


def _send(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.send_to_peer(row, by=request.user, now=request.now, place=place_of(request))


def _warn(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.warn_plain_email(row, by=request.user, now=request.now, place=place_of(request))


def _returned(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.mail_returned(row, by=request.user, note=typed(request, "text"), now=request.now, place=place_of(request))


def _readdress(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.readdress(
        row, by=request.user, address=typed(request, "text")[:400], now=request.now, place=place_of(request)
    )


def _close(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.close(row, by=request.user, now=request.now, place=place_of(request))


def _cancel(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.cancel(row, by=request.user, reason=typed(request, "text"), now=request.now, place=place_of(request))


def _revoke(request: SignedInRequest, row: ReleaseRequest) -> None:
    """Write down that the permission was taken back in writing; it holds from the day on which that came (D8)."""
    form, arrived = chosen(request, "form", RevocationForm), day(request, "received")
    if form is None or form is RevocationForm.PORTAL:
        raise Unlawful("Say how it came in writing. What is only said is no revocation.", "45 CFR 164.508(b)(5)")
    came = reports.start_of(arrived) if arrived else None
    held = get_object_or_404(Authorization, request=row)
    actions.revoke(held, by=request.user, form=form, received_at=came, now=request.now, place=place_of(request))


def _event(request: SignedInRequest, row: ReleaseRequest) -> None:
    held = get_object_or_404(Authorization.objects.exclude(expires_when=""), request=row)
    actions.happened(held, by=request.user, now=request.now, place=place_of(request))


def told(request: SignedInRequest, row: ReleaseRequest, deed: Callable[[], object]) -> Callable[[], object]:
    """Return the deed, which tells who works on the request why a step is not hers; to all others there is nothing."""

    def tried() -> object:
        try:
            return deed()
        except AccessRefused as refused:
            permit(request.user, Action.VERIFY_IDENTITY, row, now=request.now, place=place_of(request))
            raise NotAllowed(_why(refused.refusal)) from None

    return tried


def _why(refusal: Refusal) -> str:
    """Say whose step it is."""
    if refusal.rule == "separation-of-duty":
        return gettext("Another person has to do this: not who did the step before it.")
    roles = sorted(str(ROLE_NAMES[role]) for role in doers(refusal.action))
    return gettext("This step is not yours. Ask one of these: {roles}.").format(roles=", ".join(roles))


def ids(values: list[str]) -> list[UUID]:
    """The ids among what was sent."""
    found = []
    for value in values[:200]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


DEEDS: dict[str, tuple[str | Promise, Deed]] = {
    "claim": (_("It is yours now."), _claim),
    "ask_info": (_("The question is sent. The clock runs on."), _ask),
    "say": (_("The message is sent."), _say),
    "verify": (_("It is noted who asks."), _verify),
    "find": (_("It is known whose record it is. Now choose the scans."), _find),
    "match": (_("The scans are matched."), _match),
    "unmatch": (_("It is not that patient. Verify who asks, and match again; the clock runs on."), _unmatch),
    "restate": (_("It is noted whose record is meant."), _restate),
    "authorization": (_("The authorization is checked."), _authorize),
    "return_defective": (_("It goes back with all of its defects."), _return),
    "confirm_recipient": (_("The recipient is confirmed."), _confirm),
    "local_rules": (_("It is noted."), _rules),
    "file": (_("The document is on file."), _file),
    "quote": (_("The fee is told."), _quote),
    "accept_fee": (_("It is noted that the fee was accepted."), _accept),
    "waive": (_("The fee is waived."), _waive),
    "approve": (_("Approved. The letter is on its way."), _approve),
    "deny": (_("Denied. The letter says why, and how to have it reviewed."), _deny),
    "decide_review": (_("The outcome of the review is noted."), _decide_review),
    "extend": (_("Extended. The letter is on its way."), _extend),
    "build": (_("The package is built."), _build),
    "check_passed": (_("Checked. It may leave."), _pass),
    "check_failed": (_("It has to be built again."), _fail),
    "deliver": (_("Delivered, with its proof."), _deliver),
    "send": (_("It waits for its turn. This page shows how far it is."), _send),
    "warn_plain_email": (_("The warning and the wish are noted."), _warn),
    "mail_returned": (_("It is noted that the mail came back."), _returned),
    "readdress": (_("The new address is noted."), _readdress),
    "revoke": (_("The permission has ended. Nothing more goes out on it."), _revoke),
    "event": (_("The permission has ended. Nothing more goes out on it."), _event),
    "close": (_("Closed."), _close),
    "not_here": (_("The letter says so, and the request is closed."), _not_here),
    "cancel": (_("Cancelled."), _cancel),
}
