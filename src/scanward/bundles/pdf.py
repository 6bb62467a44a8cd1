"""Encryption of PDF files: AES-256 (ISO 32000-2, revision 6), which every current viewer opens with the
passphrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pikepdf

from scanward.bundles.passphrase import as_bytes


class PdfRefused(ValueError):
    """These bytes can't be encrypted as a PDF."""


def encrypt_pdf(document: bytes, passphrase: str) -> bytes:
    """Encrypt a PDF, its metadata too. Whoever has the passphrase may do everything: it is their document.

    Raises: PdfRefused when the bytes are no PDF or are encrypted already, ValueError when the passphrase is
    too short.
    """
    secret = as_bytes(passphrase).decode()
    encrypted = BytesIO()
    try:
        with pikepdf.open(BytesIO(document)) as pdf:
            if pdf.is_encrypted:
                raise PdfRefused("This PDF is encrypted already. Remove its own protection first.")
            pdf.save(
                encrypted,
                encryption=pikepdf.Encryption(user=secret, owner=secret, R=6, aes=True, metadata=True),
            )
    except pikepdf.PasswordError:
        raise PdfRefused("This PDF is encrypted already. Remove its own protection first.") from None
    except pikepdf.PdfError:
        raise PdfRefused("This is not a PDF that can be read.") from None
    return encrypted.getvalue()


@dataclass(frozen=True, slots=True)
class Joined:
    """Several documents as one, for a printer."""

    content: bytes
    pages: int


def joined(documents: Sequence[bytes]) -> Joined:
    """Put documents one behind the other. A single one stays as it is, tags and all.

    Raises: PdfRefused when there is none, or one can't be read.
    """
    if not documents:
        raise PdfRefused("There is nothing to print.")
    try:
        with pikepdf.new() as whole:
            for document in documents:
                with pikepdf.open(BytesIO(document)) as part:
                    whole.pages.extend(part.pages)
            out = BytesIO()
            whole.save(out, deterministic_id=True)
            return Joined(documents[0] if len(documents) == 1 else out.getvalue(), len(whole.pages))
    except pikepdf.PdfError:
        raise PdfRefused("This is not a PDF that can be read.") from None
