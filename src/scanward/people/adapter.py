"""How django-allauth behaves in this house."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils.translation import gettext as _

from scanward.people.devices import network_of
from scanward.people.directory import has_vouched
from scanward.people.factors import FactorAdapter
from scanward.people.models import Account
from scanward.people.signins import too_many

TOLD_AGAIN_SECONDS = 60


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs in with a password alone, and nobody opens an account by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        """Accounts are made by the records staff, together with the identity proof (C1)."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count tries for an account by the network they come from: nobody can lock out somebody elsewhere."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{network_of(request.META.get('REMOTE_ADDR', ''))}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that the tries of a network are stopped: once a minute, so that no flood fills the ledger."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            network = network_of(request.META.get("REMOTE_ADDR", ""))
            if cache.add(f"tries-stopped:{network}", True, TOLD_AGAIN_SECONDS):
                too_many(request)
            raise

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Sign each mail with the facility's name: people know their hospital, not its server."""
        house = {"facility_name": settings.FACILITY_NAME, "facility_phone": settings.FACILITY_PHONE}
        mail: EmailMessage = super().render_mail(template_prefix, email, {**context, **house}, headers)
        return mail

    def get_login_stages(self) -> list[str]:
        """Ask for no second step where the house's directory has asked for one."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "scanward.people.provider.SecondStep"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_login_by_code_required(self, login: Any) -> bool:
        """Ask for a code sent by e-mail, unless the person has a stronger second factor (I8)."""
        if has_vouched(self.request.session, login.user):
            return False
        return not is_mfa_enabled(login.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


class SecondStepAdapter(FactorAdapter):
    """Passkeys that carry the facility's name on people's own devices, and a plain name here."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the hospital where the device asks: which house wants to know who you are?"""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.FACILITY_NAME}

    def generate_authenticator_name(self, user: Account, type: str) -> str:
        """Propose a name for a new passkey."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("My passkey") if number == 1 else _("My passkey {number}").format(number=number)
