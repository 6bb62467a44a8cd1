"""Who works here: roles by two persons, invitations, and the end of all of it at once."""

from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Detail, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, assign_role, create_account, note
from scanward.people.invitations import invite
from scanward.people.kinds import ProposalKind, Role
from scanward.people.models import Account, Proposal, RoleAssignment
from scanward.people.sessions import WhyEnded, end_sessions


def propose_role(
    *, email: str, full_name: str, role: Role, by: Account, reason: str, place: Place, now: datetime
) -> Proposal:
    """Ask for a role for somebody, who is invited if there is no account yet; nothing changes before the approval.

    Raises:
        NotAllowed: for oneself, for somebody who has the role, or where somebody asked already.
    """
    address = email.strip().lower()
    account = Account.objects.filter(email=address).first()
    if account == by:
        raise NotAllowed(_("Nobody asks for a role for themselves: ask another administrator."))
    if account and role in account.roles_at(now):
        raise NotAllowed(_("This person has the role already."))
    if waiting().filter(kind=ProposalKind.ROLE, email=address, role=role.value).exists():
        raise NotAllowed(_("Somebody has asked for this already."))
    name = account.full_name if account else full_name.strip()
    return _propose(ProposalKind.ROLE, account, address, name, role.value, by=by, reason=reason, place=place, now=now)


def propose_factor_reset(account: Account, *, by: Account, reason: str, place: Place, now: datetime) -> Proposal:
    """Ask that somebody who lost her second factor may set up a new one."""
    if account == by:
        raise NotAllowed(_("Nobody asks for this for themselves: ask another administrator."))
    kind = ProposalKind.FACTOR_RESET
    if waiting().filter(kind=kind, account=account).exists():
        raise NotAllowed(_("Somebody has asked for this already."))
    return _propose(kind, account, account.email, account.full_name, "", by=by, reason=reason, place=place, now=now)


def waiting() -> QuerySet[Proposal]:
    """Return the proposals that nobody has decided about."""
    return Proposal.objects.filter(decided_at=None)


def decide_proposal(proposal_id: UUID, *, by: Account, approve: bool, place: Place, now: datetime) -> Proposal:
    """Approve a proposal, or not; it takes another person than the one who asked, and than the one it is about.

    Raises:
        NotAllowed: it is the same person, it was decided already, or what was asked for can't be any more.
    """
    actor = ActorRef(str(by.id), by.full_name, "administrator")
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().get(pk=proposal_id)
        if by.id in (proposal.proposed_by_id, proposal.account_id):
            raise NotAllowed(_("Another person has to decide about this: it takes two."))
        if proposal.decided_at is not None:
            raise NotAllowed(_("Somebody has decided about this already."))
        proposal.decided_by, proposal.decided_at, proposal.approved = by, now, approve
        if approve:
            _carry_out(proposal, actor=actor, place=place, now=now)
        proposal.save()
        if not approve:
            detail: Detail = {"proposal": str(proposal.id), "approved": 0}
            _note(EventKind.ACCOUNT_CHANGED, proposal, actor=actor, place=place, now=now, detail=detail)
    return proposal


def end_role(assignment: RoleAssignment, *, by: Account, place: Place, now: datetime) -> None:
    """Take a role away; one person is enough for that, and it holds from the next request on.

    Whoever has no role left is signed out everywhere: what stood on the screen was for the work.
    """
    actor = ActorRef(str(by.id), by.full_name, "administrator")
    with transaction.atomic():
        if RoleAssignment.objects.filter(pk=assignment.pk, ended_at=None).update(ended_at=now):
            detail = {"role": assignment.role}
            account = assignment.account
            note(
                EventKind.ROLE_ENDED, SubjectKind.ACCOUNT, account.id, actor=actor, place=place, now=now, detail=detail
            )
            if not account.roles_at(now):
                end_sessions(account, but=None, actor=actor, place=place, now=now, why=WhyEnded.CLOSED)


def close_account(account: Account, *, by: Account, place: Place, now: datetime) -> None:
    """Termination, 45 CFR 164.308(a)(3)(ii)(C): roles, sessions and the account itself end in one moment."""
    if account == by:
        raise NotAllowed(_("Nobody closes their own account here: ask another administrator."))
    actor = ActorRef(str(by.id), by.full_name, "administrator")
    with transaction.atomic():
        Account.objects.select_for_update().filter(pk=account.pk).first()
        Account.objects.filter(pk=account.pk).update(is_active=False)
        RoleAssignment.objects.filter(account=account, ended_at=None).update(ended_at=now)
        end_sessions(account, but=None, actor=actor, place=place, now=now, why=WhyEnded.CLOSED)
        note(EventKind.ACCOUNT_CLOSED, SubjectKind.ACCOUNT, account.id, actor=actor, place=place, now=now)


def _propose(
    kind: ProposalKind,
    account: Account | None,
    email: str,
    full_name: str,
    role: str,
    *,
    by: Account,
    reason: str,
    place: Place,
    now: datetime,
) -> Proposal:
    """Write the proposal down."""
    with transaction.atomic():
        proposal = Proposal.objects.create(
            kind=kind.value,
            account=account,
            email=email,
            full_name=full_name,
            role=role,
            reason=reason[:300],
            proposed_by=by,
            proposed_at=now,
        )
        detail = {"proposal": str(proposal.id), "kind": kind.value, "role": role}
        actor = ActorRef(str(by.id), by.full_name, "administrator")
        _note(EventKind.ACCOUNT_CHANGED, proposal, actor=actor, place=place, now=now, detail=detail)
    return proposal


def _carry_out(proposal: Proposal, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """Do what was approved."""
    account = _meant(proposal, now=now)
    if ProposalKind(proposal.kind) is ProposalKind.FACTOR_RESET:
        assert account
        Authenticator.objects.filter(user=account).delete()
        end_sessions(account, but=None, actor=actor, place=place, now=now, why=WhyEnded.FACTOR)
        _note(EventKind.FACTOR_REMOVED, proposal, actor=actor, place=place, now=now, detail={"by": "two persons"})
        return
    if account is None:
        account = create_account(
            email=proposal.email, full_name=proposal.full_name, password=None, actor=actor, place=place, now=now
        )
        transaction.on_commit(lambda: invite(proposal.email))
    proposal.account = account
    assign_role(account, Role(proposal.role), by=proposal.proposed_by, actor=actor, place=place, now=now)


def _meant(proposal: Proposal, *, now: datetime) -> Account | None:
    """Return the account that a proposal is about as things stand now: since it was asked for, people have left.

    Raises:
        NotAllowed: who asked is not at work here any more, the account is closed, is the approver's own by now (an
            address can move), or has the role already.
    """
    asker = proposal.proposed_by
    if not asker.is_active or not asker.roles_at(now):
        raise NotAllowed(_("Whoever asked for this does not work here any more. Ask for it anew."))
    # Locked, so that nobody closes it meanwhile.
    accounts = Account.objects.select_for_update()
    wanted = accounts.filter(pk=proposal.account_id) if proposal.account_id else accounts.filter(email=proposal.email)
    account = wanted.first()
    if account is None:
        return None
    if not account.is_active:
        raise NotAllowed(_("This account was closed."))
    if account in (asker, proposal.decided_by):
        raise NotAllowed(_("Another person has to decide about this: it takes two."))
    if proposal.role and Role(proposal.role) in account.roles_at(now):
        raise NotAllowed(_("This person has the role already."))
    return account


def _note(kind: EventKind, proposal: Proposal, *, actor: ActorRef, place: Place, now: datetime, detail: Detail) -> None:
    """Write an entry about a proposal."""
    subject = proposal.account_id or proposal.id
    note(kind, SubjectKind.ACCOUNT, subject, actor=actor, place=place, now=now, detail=detail)
