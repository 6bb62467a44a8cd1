"""How allauth speaks with the house's directory (OpenID Connect); whom it lets in is `directory.py`."""

from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from scanward.people.directory import PROVIDER, VOUCHED, NotMatched, account_for, claims_of, has_vouched
from scanward.people.signins import directory_bound, directory_refused

# Signed with a key that only the directory has: neither "none" nor a secret that is shared.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class DirectoryProtocol(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's side of the protocol; here the signature is checked always, and not only TLS trusted."""

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Return the claims of a token that the directory signed, for us, and that has not run out."""
        try:
            found: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key(jwt.get_unverified_header(id_token).get("kid")),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as wrong:
            raise OAuth2Error("not a token of the directory") from wrong
        return found

    def _key(self, name: str | None) -> jwt.PyJWK:
        """Return the key of this name; a directory with one key need not name it (OpenID Connect Core 10.1)."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        signing = [key for key in keys if key.public_key_use in (None, "sig")]
        (fitting,) = [key for key in signing if name in (None, key.key_id)]
        return fitting

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Return who has signed in there; an answer without an ID token is none."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no ID token")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:  # noqa: ARG002  allauth's signature
        """Name the page to which the directory sends people back."""
        return str(build_absolute_uri(request, reverse("staff-sign-in-back")))


class DirectoryProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """The one directory of the house, as `SCANWARD_OIDC_*` names it."""

    id = PROVIDER
    oauth2_adapter_class = DirectoryProtocol
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Sign in, and nothing else that allauth could do with an answer."""
        return {**super().get_redirect_from_request_kwargs(request), "process": AuthProcess.LOGIN}

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:  # noqa: ARG002
        """Take nothing from the address: what is asked of the directory is ours to say."""
        return {}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:  # noqa: ARG002
        """Ask for who it is, and for nothing else."""
        return ["openid", "email"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the directory's lasting name for the person."""
        return claims_of(data["id_token"], {}).name


provider_classes = [DirectoryProvider]


class DirectoryAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Lets in whom `directory.py` finds; everybody else meets one page, and an entry in the ledger."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account, bind it at the first time, and note whether the directory vouches for a second factor."""
        told, now = sociallogin.account.extra_data, timezone.now()
        try:
            claims = claims_of(told["id_token"], told.get("userinfo") or {})
            account = account_for(claims, now=now)
        except NotMatched as why:
            raise self.refused(request, str(why)) from None
        # What else the directory tells of a person is not kept.
        with transaction.atomic():
            row, new = SocialAccount.objects.update_or_create(
                provider=PROVIDER, uid=claims.name, defaults={"user": account, "extra_data": {}}
            )
            if new:
                directory_bound(request, account)
        sociallogin.account, sociallogin.user = row, account
        request.session.pop(VOUCHED, None)
        if claims.vouches:
            request.session[VOUCHED] = str(account.pk)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        """Nobody gets an account by being in the directory."""
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002  allauth's signature
        error: Any = None,  # noqa: ARG002
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> None:
        """Answer with our own page; what went wrong is named by its kind alone."""
        raise self.refused(request, f"the directory's answer: {type(exception).__name__ if exception else 'refused'}")

    def refused(self, request: HttpRequest, why: str) -> ImmediateHttpResponse:
        """Write the refusal down, and return the page that says no and nothing more."""
        directory_refused(request, why)
        return ImmediateHttpResponse(render(request, "account/directory_refused.html", status=403))


class SecondStep(AuthenticateStage):  # type: ignore[misc]  # allauth ships no types
    """allauth's second step, which is done already where the directory has vouched for it."""

    def _should_handle(self, request: HttpRequest) -> bool:
        """Return whether the person is asked for her passkey or app."""
        if self.login.user is not None and has_vouched(request.session, self.login.user):
            return False
        return bool(super()._should_handle(request))
