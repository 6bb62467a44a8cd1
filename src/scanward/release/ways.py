"""How requests come in, and how copies go out, with what speaks for and against each way (G14)."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.law import fees
from scanward.law.errors import Unlawful


class Channel(StrEnum):
    """The way by which a request came (B1)."""

    PORTAL = "portal"
    FORM = "form"
    PHONE = "phone"
    IN_PERSON = "in_person"
    LETTER = "letter"


class Medium(StrEnum):
    """The form and format of the copy (B8)."""

    DICOM = "dicom"
    PDF = "pdf"
    LOCKED_PDF = "locked_pdf"
    PAPER = "paper"


class Arrival(StrEnum):
    """How the copy reaches the person (B9)."""

    PORTAL = "portal"
    LINK = "link"
    EMAIL = "email"
    PLAIN_EMAIL = "plain_email"
    MAIL = "mail"
    PICKUP = "pickup"
    EXCHANGE = "exchange"


LAW_DELIVERY: dict[Arrival, fees.Delivery] = {
    Arrival.PORTAL: fees.Delivery.PORTAL,
    Arrival.LINK: fees.Delivery.LINK,
    Arrival.EMAIL: fees.Delivery.EMAIL,
    Arrival.PLAIN_EMAIL: fees.Delivery.EMAIL,
    Arrival.MAIL: fees.Delivery.MAILED,
    Arrival.PICKUP: fees.Delivery.PICKED_UP,
    Arrival.EXCHANGE: fees.Delivery.EXCHANGE,
}
ENCRYPTED = frozenset({Arrival.EMAIL, Arrival.MAIL, Arrival.PICKUP})
ON_MEDIA = frozenset({Arrival.MAIL, Arrival.PICKUP})
MAILBOX = frozenset({Arrival.EMAIL, Arrival.PLAIN_EMAIL})
# What goes to an address, and under which name that is read back.
ADDRESSED: dict[Arrival, str] = {
    Arrival.MAIL: "address",
    Arrival.EMAIL: "email",
    Arrival.PLAIN_EMAIL: "email",
    Arrival.LINK: "contact",
}
# Where the address was only heard, not written by who asks.
SPOKEN = frozenset({Channel.PHONE, Channel.IN_PERSON})
# Elsewhere the whole copy is locked, or nobody else can come near it.
LOCKED_BY_ITSELF = frozenset({Arrival.EMAIL, Arrival.PORTAL})

CHANNEL_NAMES = {
    Channel.PORTAL: _("Portal"),
    Channel.FORM: _("Form on the website"),
    Channel.PHONE: _("Telephone"),
    Channel.IN_PERSON: _("In person"),
    Channel.LETTER: _("Letter"),
}
MEDIUM_NAMES = {
    Medium.DICOM: _("Digital images (DICOM), with the report as PDF"),
    Medium.PDF: _("The report as a PDF file"),
    Medium.LOCKED_PDF: _("The report as a PDF file that opens only with a passphrase"),
    Medium.PAPER: _("The report on paper"),
}
ARRIVAL_NAMES = {
    Arrival.PORTAL: _("Download here in the portal"),
    Arrival.LINK: _("Secure link"),
    Arrival.EMAIL: _("Encrypted file by e-mail"),
    Arrival.PLAIN_EMAIL: _("Plain e-mail, not encrypted"),
    Arrival.MAIL: _("Disc or stick by mail"),
    Arrival.PICKUP: _("Pick up a disc or stick"),
    Arrival.EXCHANGE: _("From hospital to hospital"),
}
# What speaks for a way, and what against it.
PROS_AND_CONS: dict[Arrival, tuple[str | Promise, str | Promise]] = {
    Arrival.PORTAL: (_("Fastest and free. Only you can open it."), _("You need to sign in, and a good connection.")),
    Arrival.LINK: (
        _("Free. Good for sending to a doctor. You can end it at any time."),
        _("It stops working after its last day."),
    ),
    Arrival.EMAIL: (
        _("Arrives in your mailbox. Nobody can read it without the passphrase."),
        _("Only for small files, such as the report. You need a program that opens it."),
    ),
    Arrival.PLAIN_EMAIL: (
        _("Easy to open."),
        _("Others could read it on the way. We send it only if you still want that after our warning."),
    ),
    Arrival.MAIL: (
        _("No internet needed. It is locked with a passphrase."),
        _("Takes days and may cost the disc and the postage. Many computers have no disc drive."),
    ),
    Arrival.PICKUP: (_("You get it in your hand."), _("You have to come here with a photo ID.")),
    Arrival.EXCHANGE: (
        _("Goes straight into the other hospital's system, encrypted."),
        _("The other hospital must be connected with us."),
    ),
}


def check_format(medium: Medium, delivery: Arrival, *, images: bool) -> None:
    """Refuse a form that what was asked for does not have, or that does not go this way (G1, G3).

    Raises:
        Unlawful: images are no PDF and no paper; paper has to be carried; a locked PDF goes by e-mail or portal.
    """
    if medium is not Medium.DICOM and images:
        raise Unlawful(
            "Images can't be printed or put into a PDF. Choose the digital format, or the report alone.",
            "45 CFR 164.524(c)(2)",
        )
    if medium is Medium.PAPER and delivery not in ON_MEDIA:
        raise Unlawful("Paper comes by mail, or you pick it up.", "45 CFR 164.524(c)(2)")
    if medium is Medium.LOCKED_PDF and delivery not in LOCKED_BY_ITSELF:
        raise Unlawful("A locked PDF comes by encrypted e-mail, or you download it here.", "45 CFR 164.524(c)(2)")
