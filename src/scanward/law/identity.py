"""Who asks, and whose record it is: what shows the one, and which identifiers settle the other (164.514(h))."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .errors import Unlawful

_VERIFY, _SAFE = "45 CFR 164.514(h)(1)", "45 CFR 164.530(c)(1)"


class How(StrEnum):
    """By which way somebody showed who they are."""

    IN_PERSON = "in person"
    POST = "by post"
    ELECTRONIC = "by e-mail or upload"
    TELEPHONE = "on the telephone"


class Proof(StrEnum):
    """What they showed."""

    GOVERNMENT_ID = "a government-issued photo ID"
    OTHER_ID = "another photo ID"
    SIGNATURE = "a signature that agrees with the one on file"
    FACTS = "answers that agree with the record"
    CODE = "a code that was sent to the address on file"
    OFFICE = "a badge, letterhead or written authority of an office"


_SEEN = frozenset({How.IN_PERSON, How.POST, How.ELECTRONIC})
# Nothing can be looked at on the telephone. Each proof has a way for who can't come (C4).
WAYS_OF: dict[Proof, frozenset[How]] = {
    Proof.GOVERNMENT_ID: _SEEN,
    Proof.OTHER_ID: _SEEN,
    Proof.SIGNATURE: _SEEN,
    Proof.FACTS: frozenset(How),
    Proof.CODE: frozenset(How),
    Proof.OFFICE: _SEEN,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """How somebody was verified; a note says what the two choices don't."""

    how: How
    proof: Proof
    note: str = ""


def check_shown(shown: Shown) -> None:
    """Refuse a proof that can't be given that way.

    Raises:
        Unlawful: an ID or a signature was "seen" on the telephone.

    Law: 45 CFR 164.514(h)(1); 45 CFR 164.514(h)(2)
    """
    if shown.how not in WAYS_OF[shown.proof]:
        raise Unlawful("This can't be seen on the telephone. Choose another proof, or another way.", _VERIFY)


def check_same_person(
    *, said_name: str, said_birth: date | None, said_number: bool, name: str, family: str, birth: date | None
) -> None:
    """Refuse to take a record for the one that is meant unless two of name, date of birth and number agree.

    `said_*` is what the request gives (`said_number`: whether it gives this record's number); the rest is what the
    record has. A date of birth that differs settles it against; a name may differ, for names change.

    Raises:
        Unlawful: fewer than two agree, or the date of birth is another one.

    Law: 45 CFR 164.514(h)(1); 45 CFR 164.530(c)(1)
    """
    if said_birth and birth and said_birth != birth:
        raise Unlawful("The date of birth on the request is not this patient's. Ask who is meant.", _SAFE)
    born = said_birth is not None and said_birth == birth
    if sum((born, said_number, _same_name(said_name, name, family))) < 2:
        raise Unlawful(
            "Two of these must be this patient's: full name, date of birth, patient number. Ask for what is missing.",
            _SAFE,
        )


def _same_name(said: str, name: str, family: str) -> bool:
    """Whether a family name and a first name, or its initial, are in what was said; accents and case don't count."""
    words, families = _words(said), _words(family)
    firsts = [word for word in _words(name) if word not in families]
    others = [word for word in words if word not in families]
    # An initial stands for a first name only where no other one is said: Maria A. is not Anna.
    initials = {word[0] for word in firsts} if all(len(word) == 1 for word in others) else set()
    given = any(word in firsts or word in initials for word in others)
    return bool(words) and (given or not firsts) and (any(word in families for word in words) or not families)


def _words(name: str) -> list[str]:
    """The words of a name, without accents and case."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in plain.casefold()).split()
