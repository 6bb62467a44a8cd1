"""What is agreed when an association is asked for: who it is, which services, in which transfer syntaxes."""

from collections.abc import Iterable
from dataclasses import dataclass

from scanward.intake.dimse import classes, pdu
from scanward.intake.dimse.alerts import Why
from scanward.intake.dimse.peers import Listener, Neighbours, Peer


@dataclass(frozen=True, slots=True)
class Caller:
    """Who connects, as far as the connection itself shows."""

    address: str
    # SHA-256 of the certificate in hexadecimal; empty without one.
    fingerprint: str
    listener: Listener


@dataclass(frozen=True, slots=True)
class Agreed:
    """An association that is accepted."""

    peer: Peer
    contexts: tuple[pdu.AcceptedContext, ...]
    # Context id -> abstract syntax and transfer syntax, for those that were accepted.
    open: dict[int, tuple[str, str]]
    roles: tuple[pdu.Role, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An association that is rejected, and why."""

    reject: pdu.Reject
    why: Why | None = None


def negotiate(request: pdu.AssociateRequest, caller: Caller, neighbours: Neighbours) -> Agreed | Rejected:
    """Decide about an association request."""
    if not request.version & 1:
        return Rejected(pdu.Reject.PROTOCOL_VERSION)
    if request.application_context != pdu.APPLICATION_CONTEXT:
        return Rejected(pdu.Reject.APPLICATION_CONTEXT)
    if caller.listener.ae_title and request.called != caller.listener.ae_title:
        return Rejected(pdu.Reject.CALLED_TITLE, Why.CALLED_TITLE)
    peer = neighbours.peer(request.calling, caller.address, caller.fingerprint, caller.listener.name)
    if peer is None:
        return Rejected(pdu.Reject.CALLING_TITLE, Why.UNKNOWN_PEER)
    answered = tuple(_answer(context) for context in request.contexts)
    abstract = {context.id: context.abstract_syntax for context in request.contexts}
    accepted = {
        context.id: (abstract[context.id], context.transfer_syntax)
        for context in answered
        if context.result is pdu.ContextResult.ACCEPTED
    }
    return Agreed(peer, answered, accepted, tuple(_roles(request.roles)))


def _answer(context: pdu.ProposedContext) -> pdu.AcceptedContext:
    """Take the first transfer syntax of the sender's own order, so that nothing has to be converted for us."""
    taken = classes.syntaxes(context.abstract_syntax)
    if not taken:
        return pdu.AcceptedContext(context.id, pdu.ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED)
    chosen = next((syntax for syntax in context.transfer_syntaxes if syntax in taken), None)
    if chosen is None:
        return pdu.AcceptedContext(context.id, pdu.ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED)
    return pdu.AcceptedContext(context.id, pdu.ContextResult.ACCEPTED, chosen)


def _roles(proposed: Iterable[pdu.Role]) -> Iterable[pdu.Role]:
    """Only the default roles: the caller asks, we answer."""
    for role in proposed:
        yield pdu.Role(role.sop_class, scu=role.scu, scp=False)
