"""SMART Health Links (HL7 STU 1): the link, and its files, which only the key inside the link opens.

The key is made here, given away inside the link, and kept nowhere; what is kept are files that nobody can open without.
"""

import json
import os
import zlib
from base64 import urlsafe_b64encode
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FHIR = "application/fhir+json"
KEY_BYTES = 32
LABEL_MOST = 80
ADDRESS_MOST = 128
# Common JOSE libraries inflate no more than this; what is larger goes uncompressed, so that they all open it.
DEFLATE_UP_TO = 250 * 1024


def new_key() -> bytes:
    """Make the key of one link: 256 random bits."""
    return os.urandom(KEY_BYTES)


def flags(*, long_term: bool, passcode: bool, direct: bool) -> str:
    """Return the flags in alphabetical order: L long-term, P passcode, U one file without a manifest.

    Raises: ValueError for U with P, which the specification forbids.
    """
    if direct and passcode:
        raise ValueError("A link with a passcode needs a manifest.")
    return "".join(sign for sign, there in (("L", long_term), ("P", passcode), ("U", direct)) if there)


def link(address: str, key: bytes, *, flag: str, label: str, expires_at: datetime) -> str:
    """Return the `shlink:/` address. It holds the key: show it once, keep it nowhere.

    Raises: ValueError when the address is longer than 128 characters, which no client has to take.
    """
    if len(address) > ADDRESS_MOST:
        raise ValueError("The address of the site is too long for a health link.")
    payload = {"url": address, "key": _base64(key), "exp": int(expires_at.timestamp())}
    payload |= {"flag": flag} if flag else {}
    payload |= {"label": label[:LABEL_MOST], "v": 1}
    return f"shlink:/{_base64(_minified(payload))}"


def sealed(content: bytes, key: bytes, *, content_type: str = FHIR) -> str:
    """Encrypt one file as compact JWE (`dir`, A256GCM, a nonce of its own), deflated where that is safe to inflate."""
    header = {"alg": "dir", "enc": "A256GCM", "cty": content_type}
    if len(content) <= DEFLATE_UP_TO:
        header["zip"] = "DEF"
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = packer.compress(content) + packer.flush()
    protected, nonce = _base64(_minified(header)), os.urandom(12)
    body = AESGCM(key).encrypt(nonce, content, protected.encode())
    # RFC 7516 3.1: header, no wrapped key, nonce, ciphertext, tag.
    return ".".join((protected, "", _base64(nonce), _base64(body[:-16]), _base64(body[-16:])))


def _minified(values: object) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
