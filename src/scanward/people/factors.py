"""Second factors: their secrets are sealed at rest, and staff do not work without a strong one (K3, M3)."""

from base64 import b64decode, b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.people.seals import seal, unseal

STRONG = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
PURPOSE = "second factors"


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter, which seals what it stores; as shipped it keeps the secrets readable."""

    def encrypt(self, text: str) -> str:
        """Seal the secret of a factor."""
        return b64encode(seal(text.encode(), purpose=PURPOSE, bound_to="")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again."""
        return unseal(b64decode(encrypted_text), purpose=PURPOSE, bound_to="").decode()


def lacks_factor(account: Account, roles: frozenset[Role]) -> bool:
    """Return whether somebody works here and has no passkey and no app yet.

    The demo lets its staff in with codes by e-mail, so that a newcomer can look around; there is no setting for it.
    """
    if settings.STAFF_EMAIL_CODES or not roles:
        return False
    return not is_mfa_enabled(account, STRONG)
