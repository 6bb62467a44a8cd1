"""Hears of sign-ins from Django and allauth, and puts them into the ledger (I9, 45 CFR 164.308(a)(5)(ii)(C)).

These signals are the libraries' own; the house's verbs call each other by name.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth import signals as auth_signals
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Detail, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.people.devices import notice
from scanward.people.models import Account
from scanward.people.sessions import ENDED, WhyEnded, end_sessions


def connect() -> None:
    """Begin to listen."""
    auth_signals.user_logged_in.connect(_signed_in, dispatch_uid="scanward-signed-in")
    auth_signals.user_logged_out.connect(_signed_out, dispatch_uid="scanward-signed-out")
    auth_signals.user_login_failed.connect(_failed, dispatch_uid="scanward-sign-in-failed")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="scanward-password-changed")
    account_signals.email_changed.connect(_address_changed, dispatch_uid="scanward-address-changed")
    account_signals.password_reset.connect(_password_reset, dispatch_uid="scanward-password-reset")
    mfa_signals.authenticator_added.connect(_factor_added, dispatch_uid="scanward-factor-added")
    mfa_signals.authenticator_removed.connect(_factor_removed, dispatch_uid="scanward-factor-removed")


def _signed_in(request: HttpRequest, user: Account, **_more: Any) -> None:
    request.session.pop(ENDED, None)
    _record(EventKind.SIGNED_IN, user, request)
    notice(user, place=_place(request), now=timezone.now())


def _signed_out(request: HttpRequest, user: Account | None, **_more: Any) -> None:
    if isinstance(user, Account):
        _record(EventKind.SIGNED_OUT, user, request)


def _failed(request: HttpRequest | None = None, **_more: Any) -> None:
    # What was typed is not kept: people type passwords into the wrong field.
    _record(EventKind.SIGN_IN_FAILED, None, request, outcome=Outcome.MINOR_FAILURE)


def _password_changed(request: HttpRequest, user: Account, **_more: Any) -> None:
    _record(EventKind.PASSWORD_CHANGED, user, request)
    _sign_others_out(user, request, but=request.session.session_key)


def _address_changed(request: HttpRequest, user: Account, **_more: Any) -> None:
    # allauth writes to the old address (ACCOUNT_EMAIL_NOTIFICATIONS); the addresses themselves stay out of the ledger.
    _record(EventKind.CONTACT_CHANGED, user, request)


def _password_reset(request: HttpRequest, user: Account, **_more: Any) -> None:
    _record(EventKind.PASSWORD_RESET, user, request)
    _sign_others_out(user, request, but=None)


def _sign_others_out(user: Account, request: HttpRequest, *, but: str | None) -> None:
    """Sign everybody else out who knew the old password, also from a download that runs."""
    actor, place, now = ActorRef(str(user.id), user.full_name, ""), _place(request), timezone.now()
    end_sessions(user, but=but, actor=actor, place=place, now=now, why=WhyEnded.PASSWORD)


def _factor_added(request: HttpRequest, user: Account, **_more: Any) -> None:
    _record(EventKind.FACTOR_ADDED, user, request)


def _factor_removed(request: HttpRequest, user: Account, **_more: Any) -> None:
    _record(EventKind.FACTOR_REMOVED, user, request)


def directory_bound(request: HttpRequest, account: Account) -> None:
    """Write down that an account is bound to its person in the house's directory from now on."""
    _record(EventKind.ACCOUNT_CHANGED, account, request, detail={"directory": "bound"})


def directory_refused(request: HttpRequest, why: str) -> None:
    """Write down that somebody came from the directory and was not let in; the reason names nobody."""
    _record(EventKind.SIGN_IN_FAILED, None, request, outcome=Outcome.MINOR_FAILURE, detail={"directory": why})


def too_many(request: HttpRequest) -> None:
    """Write down that a network tries too often to sign in and is not listened to for a while (fault C13)."""
    _record(EventKind.SIGN_IN_FAILED, None, request, outcome=Outcome.SERIOUS_FAILURE, detail={"tries": "stopped"})


def _record(
    kind: EventKind,
    account: Account | None,
    request: HttpRequest | None,
    outcome: Outcome = Outcome.SUCCESS,
    detail: Detail | None = None,
) -> None:
    """Write the entry; if it can't be written, the sign-in fails with it (fault E2)."""
    actor = ActorRef(str(account.id), account.full_name, "") if account else ActorRef.nobody()
    with transaction.atomic():
        record(
            kind,
            actor=actor,
            subject=SubjectRef(SubjectKind.ACCOUNT, str(account.id)) if account else SubjectRef.nothing(),
            purpose=None,
            outcome=outcome,
            at=timezone.now(),
            place=_place(request),
            detail=detail,
        )


def _place(request: HttpRequest | None) -> Place:
    """Return from where the request came."""
    meta = request.META if request else {}
    return Place(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_USER_AGENT", ""))
