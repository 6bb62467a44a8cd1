"""What a person at the desk must look at before a release: local rules, read-back, faces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from .bases import Basis, RecipientKind
from .days import STATES
from .errors import Unlawful


class Prompt(StrEnum):
    """Why the desk asks to check local rules; somebody confirms it with a note."""

    ANOTHER_STATE = "The patient lives in another state: check that state's rules."
    RECIPIENT_STATE = "The recipient is in another state: check that state's rules."
    ABROAD = "The recipient is outside the United States, or the state is not known: check what binds them."
    UNUSUAL_RECIPIENT = "This kind of recipient is unusual: check local rules on releases to them."


_BEFORE_ZIP = re.compile(r"\b([A-Za-z]{2})\b[.,\s]*\d{5}\b")
_USUAL = frozenset(
    {
        RecipientKind.INDIVIDUAL,
        RecipientKind.REPRESENTATIVE,
        RecipientKind.PROVIDER,
        RecipientKind.HEALTH_PLAN,
        RecipientKind.BUSINESS_ASSOCIATE,
    }
)


def local_rules(
    *, facility_state: str, patient_state: str, recipient_state: str | None, recipient: RecipientKind
) -> tuple[Prompt, ...]:
    """Which prompts a release raises (A17); `recipient_state` None means abroad or unknown.

    More protective state law stands beside the federal rule, so it has to be looked up.

    Law: 45 CFR 160.203(b)
    """
    raised = {
        Prompt.ANOTHER_STATE: patient_state != facility_state,
        Prompt.RECIPIENT_STATE: recipient_state is not None and recipient_state != facility_state,
        Prompt.ABROAD: recipient_state is None,
        Prompt.UNUSUAL_RECIPIENT: recipient not in _USUAL,
    }
    return tuple(prompt for prompt, wanted in raised.items() if wanted)


def state_in(address: str) -> str | None:
    """The state that an address of the United States ends with, as two letters before the ZIP; None if it has none.

    Law: 45 CFR 160.203(b)
    """
    found = [code.upper() for code in _BEFORE_ZIP.findall(address) if code.upper() in STATES]
    return found[-1] if found else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def read_back_differs(stated: Mapping[str, str], read_back: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the recipient's details that the read-back got differently or left out (C6).

    Case and spacing don't matter. Only names of fields are returned, never a value.

    Law: 45 CFR 164.530(c)(1); 45 CFR 164.514(h)(1)
    """
    return tuple(
        sorted(
            name
            for name in stated.keys() | read_back.keys()
            if _plain(stated.get(name, "")) != _plain(read_back.get(name, ""))
        )
    )


def check_confirmed(stated: Mapping[str, str], read_back: Mapping[str, str]) -> None:
    """Refuse a release until the recipient's details were read back and agree.

    Raises:
        Unlawful: naming the fields that differ.

    Law: 45 CFR 164.530(c)(1); 45 CFR 164.514(h)(1)
    """
    if differing := read_back_differs(stated, read_back):
        raise Unlawful(f"Read back differently: {', '.join(differing)}.", "45 CFR 164.530(c)(1)")


def check_onward(*, head_ct: bool, defaced: bool, basis: Basis) -> None:
    """Refuse to share a head CT with its face onward without the patient's authorization (D15, S16).

    It holds for releases to research; a patient's own copy and care need the face.

    Raises:
        Unlawful: when the face is there and the basis is a research one.

    Law: 45 CFR 164.514(b)(2)(i)(Q); 45 CFR 164.514(e)(2)(xvi)
    """
    research = basis in (Basis.RESEARCH_WAIVER, Basis.RESEARCH_DECEDENTS, Basis.LIMITED_DATA_SET)
    if head_ct and not defaced and research:
        raise Unlawful(
            "A head CT that shows the face needs the patient's authorization to be shared onward.",
            "45 CFR 164.514(e)(2)(xvi)",
        )


def may_mail_plainly(*, to_individual: bool, warned: bool, still_wants_it: bool) -> bool:
    """Whether an unencrypted e-mail may go out: to the person who wants it after a warning (trap T10, G17).

    The warning and the choice are recorded; nobody else's mail ever goes out unencrypted.

    Law: 45 CFR 164.524(c)(2)(i); 45 CFR 164.522(b)(1)(i); 45 CFR 164.312(e)(2)(ii)
    """
    return to_individual and warned and still_wants_it
