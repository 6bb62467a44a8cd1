"""Seals small secrets at rest: copies of identity documents, and the secrets of second factors (C7, M3).

The keys are derived from a key file of its own, one for each purpose: they lie apart from the database, and a new
secret key, with which a site ends all sessions, leaves everything as it is.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12


class SealBroken(Exception):
    """The sealed bytes were changed, belong to something else, or the key is another one."""


def seal(content: bytes, *, purpose: str, bound_to: str) -> bytes:
    """Encrypt with AES-256-GCM, bound to what it belongs to, so that it can't be put in another's place."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_key(purpose)).encrypt(nonce, content, bound_to.encode())


def unseal(sealed: bytes, *, purpose: str, bound_to: str) -> bytes:
    """Decrypt.

    Raises:
        SealBroken: it is not what was sealed for this.
    """
    try:
        return AESGCM(_key(purpose)).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    except (InvalidTag, ValueError):
        raise SealBroken("What is stored here can't be opened.") from None


def digest(text: str, *, purpose: str) -> str:
    """Return what is kept of something that only has to be known again; a copy of the database tells nothing of it."""
    return hmac.new(_key(purpose), text.encode(), hashlib.sha256).hexdigest()


def _key(purpose: str) -> bytes:
    """Return the key of one purpose."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"scanward {purpose} 1".encode())
    return derived.derive(bytes.fromhex(settings.SEALS_KEY_FILE.read_text("ascii").strip()))
