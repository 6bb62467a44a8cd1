"""Says in the reader's language what the lower storeys say in English: sentences of the law, and roles of the ledger.

`law` knows no translations, because it knows no Django; and the ledger keeps its words as they were written. Pages hand
such a text to `said`. `tools/sentences.py` finds all of them, so that none is left untranslated.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import ROLE_NAMES

# What stands in the ledger for those who are not staff.
OTHER_ROLES: Mapping[str, str | Promise] = {
    "patient": _("patient"),
    "patient or representative": _("patient or representative"),
    "administrator": _("administrator"),
    "device": _("device"),
    "holder of a link": _("holder of a link"),
    "system": _("The hospital's system"),
}


def _staff_roles() -> dict[str, str | Promise]:
    """Return each staff role by the English name that the ledger keeps."""
    with override("en"):
        return {str(name): name for name in ROLE_NAMES.values()}


ROLES: Mapping[str, str | Promise] = {**_staff_roles(), **OTHER_ROLES}


def said(text: object) -> str:
    """Say a sentence of a lower storey, with or without its citation in brackets behind it."""
    whole = str(text)
    sentence, bracket, citation = whole.rpartition(" (")
    if bracket and gettext(sentence) != sentence:
        return f"{gettext(sentence)} ({citation}"
    return gettext(whole) if whole else ""


def purpose_words(purpose: PurposeOfUse | None) -> str:
    """Say what a record was used for, or nothing where the ledger has no purpose."""
    return said(purpose.sentence) if purpose is not None else ""


def role_words(roles: str) -> str:
    """Say the roles that a ledger entry names, separated by commas; one that is not known here stays as it is."""
    return ", ".join(str(ROLES.get(role, role)) for role in roles.split(", "))
