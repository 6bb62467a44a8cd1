"""E-mail that only its recipient can read: S/MIME enveloped data (RFC 8551), AES-256."""

from datetime import datetime
from email.message import Message
from email.mime.application import MIMEApplication
from email.policy import SMTP

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

LEAST_BITS = 2048
OUTSIDE = ("From", "To", "Subject", "Date", "Message-ID")


class BadCertificate(ValueError):
    """Nothing can be sent safely with this certificate; the sentence says why."""


def check(pem: str, address: str, *, now: datetime) -> x509.Certificate:
    """Return the certificate, if it is in force, names exactly this address, and has a key for encryption.

    Raises: BadCertificate
    """
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise BadCertificate("This is not a certificate in PEM form.") from None
    if not found.not_valid_before_utc <= now < found.not_valid_after_utc:
        raise BadCertificate("The certificate is not in force today.")
    key = found.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise BadCertificate("The certificate needs an RSA key of at least 2048 bits.")
    if address.strip().lower() not in _addresses(found):
        raise BadCertificate("The certificate belongs to another e-mail address.")
    return found


def sealed(plain: Message, pem: str) -> Message:
    """Put the whole message into an envelope for the certificate; outside stand sender, recipient, subject, date."""
    inner = Message()
    for name, value in plain.items():
        if name not in OUTSIDE:
            inner[name] = value
    inner.set_payload(plain.get_payload())
    builder = PKCS7EnvelopeBuilder().set_data(inner.as_bytes(policy=SMTP))
    builder = builder.add_recipient(x509.load_pem_x509_certificate(pem.encode()))
    builder = builder.set_content_encryption_algorithm(AES256)
    data = builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
    outer = MIMEApplication(data, "pkcs7-mime", name="smime.p7m")
    outer.set_param("smime-type", "enveloped-data")
    outer.add_header("Content-Disposition", "attachment", filename="smime.p7m")
    for name in OUTSIDE:
        if plain[name]:
            outer[name] = str(plain[name])
    return outer


def _addresses(certificate: x509.Certificate) -> set[str]:
    """The e-mail addresses that the certificate names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {name.lower() for name in names.get_values_for_type(x509.RFC822Name)}
