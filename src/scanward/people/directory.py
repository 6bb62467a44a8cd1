"""Staff who sign in with the house's own directory: OpenID Connect, authorization code with PKCE (K3).

The directory says who somebody is; it gives nobody an account and no role. An administrator invites a person, a second
one approves her role, and only then a sign-in from the directory finds somebody: by an e-mail address which the
directory says it has verified. From the first time on the account is bound to the directory's own, lasting name for the
person (`sub`), so that an address that is given to a successor opens nothing of hers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from scanward.people.models import Account

PROVIDER = "staff"
# In the session: the account for which the directory has vouched for a second factor.
VOUCHED = "second_factor_elsewhere"


class NotMatched(Exception):
    """The directory knows this person, and nobody here is meant; the text is for the ledger and names nobody."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the directory says about somebody who has just signed in there."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    # How they proved who they are: `amr` (RFC 8176) and `acr` (OpenID Connect Core 2).
    means: frozenset[str]

    @property
    def name(self) -> str:
        """What is kept of the directory's lasting name for the person; two directories may use the same `sub`."""
        return sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()

    @property
    def vouches(self) -> bool:
        """Whether the directory asked for a second factor of a kind that this house accepts."""
        return bool(self.means & frozenset(settings.OIDC_SECOND_FACTOR))


def claims_of(token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> Claims:
    """Return the claims of a checked ID token, with the address from the userinfo where the token has none.

    How somebody signed in is taken from the signed token alone.

    Raises:
        NotMatched: the two are about different people (OpenID Connect Core 5.3.2).
    """
    if userinfo and userinfo.get("sub") != token.get("sub"):
        raise NotMatched("the directory's two answers are about different people")
    told = token if token.get("email") else userinfo
    amr, acr = token.get("amr") or [], token.get("acr")
    return Claims(
        issuer=str(token["iss"]),
        subject=str(token["sub"]),
        email=str(told.get("email") or "").strip().lower(),
        # A text "true" is not the claim that the standard knows.
        email_verified=told.get("email_verified") is True,
        means=frozenset(str(one) for one in amr if isinstance(amr, list)) | ({str(acr)} if acr else frozenset()),
    )


def account_for(claims: Claims, *, now: datetime) -> Account:
    """Return the member of the staff who is meant; nobody is ever made here.

    Raises:
        NotMatched: with the reason.
    """
    bound = SocialAccount.objects.filter(provider=PROVIDER, uid=claims.name).select_related("user").first()
    account = bound.user if bound else _by_address(claims)
    if not account.is_active:
        raise NotMatched("the account is closed")
    if not account.roles_at(now):
        raise NotMatched("the account has no role")
    return account


def _by_address(claims: Claims) -> Account:
    """Return the account that is meant the first time."""
    if not claims.email or not claims.email_verified:
        raise NotMatched("the directory has not verified the e-mail address")
    account = Account.objects.filter(email=claims.email).first()
    if account is None:
        raise NotMatched("nobody was invited with this e-mail address")
    if SocialAccount.objects.filter(provider=PROVIDER, user=account).exists():
        raise NotMatched("the account belongs to somebody else in the directory")
    return account


def has_vouched(session: SessionBase, account: Account) -> bool:
    """Return whether the directory vouched for a second factor of this account in this session."""
    return bool(session.get(VOUCHED) == str(account.pk))
