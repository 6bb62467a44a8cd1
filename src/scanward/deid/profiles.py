"""What a de-identification keeps: ready-made profiles, and a site's own in a TOML file that can only narrow.

The options are those of PS3.15 Annex E; each has its letter in the generated table and its code in CID 7050.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final


class Option(StrEnum):
    """The option columns of PS3.15 Table E.1-1, by their letter in `table.ROWS`."""

    SAFE_PRIVATE = "P"
    UIDS = "U"
    DEVICE = "D"
    INSTITUTION = "I"
    PATIENT_CHARACTERISTICS = "C"
    FULL_DATES = "F"
    MODIFIED_DATES = "M"
    DESCRIPTORS = "T"
    STRUCTURED_CONTENT = "S"
    GRAPHICS = "G"


OPTION_NAMES: Final[dict[str, Option]] = {
    "retain-safe-private": Option.SAFE_PRIVATE,
    "retain-uids": Option.UIDS,
    "retain-device": Option.DEVICE,
    "retain-institution": Option.INSTITUTION,
    "retain-patient-characteristics": Option.PATIENT_CHARACTERISTICS,
    "retain-full-dates": Option.FULL_DATES,
    "retain-modified-dates": Option.MODIFIED_DATES,
    "clean-descriptors": Option.DESCRIPTORS,
    "clean-structured-content": Option.STRUCTURED_CONTENT,
    "clean-graphics": Option.GRAPHICS,
}
CODES: Final[dict[Option, str]] = {  # CID 7050
    Option.GRAPHICS: "113103",
    Option.STRUCTURED_CONTENT: "113104",
    Option.DESCRIPTORS: "113105",
    Option.FULL_DATES: "113106",
    Option.MODIFIED_DATES: "113107",
    Option.PATIENT_CHARACTERISTICS: "113108",
    Option.DEVICE: "113109",
    Option.UIDS: "113110",
    Option.SAFE_PRIVATE: "113111",
    Option.INSTITUTION: "113112",
}


class Dates(StrEnum):
    """What becomes of dates."""

    REMOVED = "removed"
    YEAR = "year"
    SHIFTED = "shifted"
    KEPT = "kept"


class Pathway(StrEnum):
    """The way of 45 CFR 164.514 that an export takes."""

    SAFE_HARBOR = "safe harbor, 164.514(b)(2)"
    EXPERT = "expert determination, 164.514(b)(1)"
    LIMITED_DATA_SET = "limited data set, 164.514(e)"


class ProfileRefused(ValueError):
    """A profile that contradicts itself or widens without saying why."""


@dataclass(frozen=True)
class Profile:
    """Which options apply, what becomes of dates, and a site's own narrowing or justified widening."""

    name: str
    pathway: Pathway
    options: frozenset[Option] = frozenset()
    dates: Dates = Dates.REMOVED
    whole_weeks: bool = False
    cap_ages: bool = True
    birth_date: bool = False
    zip_digits: int = 0
    remove: frozenset[int] = frozenset()
    keep: dict[int, str] = field(default_factory=dict)  # tag -> why
    justification: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if {Option.FULL_DATES, Option.MODIFIED_DATES} <= self.options:
            raise ProfileRefused("Dates can't be both kept and shifted: choose one of the two options.")
        if self.pathway is Pathway.SAFE_HARBOR:
            self._check_safe_harbor()
        if self.zip_digits not in (0, 3, 5):
            raise ProfileRefused("zip_digits is 0, 3 or 5.")

    def _check_safe_harbor(self) -> None:
        unfit = self.options & {
            Option.FULL_DATES,
            Option.MODIFIED_DATES,
            Option.DEVICE,
            Option.UIDS,
            Option.INSTITUTION,
        }
        if unfit or self.dates in (Dates.KEPT, Dates.SHIFTED):
            raise ProfileRefused(
                "Safe harbor keeps no dates but the year, no device, no institution and no UIDs "
                "(45 CFR 164.514(b)(2)). Use an expert determination for this profile."
            )
        if not self.cap_ages or self.birth_date or self.zip_digits == 5:
            raise ProfileRefused("Safe harbor takes ages over 89 together, and no more than 3 ZIP digits.")

    @property
    def letters(self) -> str:
        """The option letters, for the table."""
        return "".join(sorted(self.options))

    @property
    def codes(self) -> tuple[str, ...]:
        """The CID 7050 codes of what is applied."""
        return ("113100", *sorted(CODES[option] for option in self.options))

    @property
    def longitudinal(self) -> str:
        """(0028,0303), which tells the reader what dates mean."""
        return {Dates.KEPT: "UNMODIFIED", Dates.SHIFTED: "MODIFIED"}.get(self.dates, "REMOVED")


_O = Option
READY_MADE: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile("basic", Pathway.EXPERT),
        Profile(
            "safe-harbor",
            Pathway.SAFE_HARBOR,
            frozenset((_O.DESCRIPTORS, _O.PATIENT_CHARACTERISTICS)),
            dates=Dates.YEAR,
            zip_digits=3,
        ),
        Profile(
            "limited-data-set",
            Pathway.LIMITED_DATA_SET,
            frozenset((_O.DESCRIPTORS, _O.PATIENT_CHARACTERISTICS, _O.FULL_DATES)),
            dates=Dates.KEPT,
            cap_ages=False,
            birth_date=True,
            zip_digits=5,
        ),
        Profile(
            "research",
            Pathway.EXPERT,
            frozenset((_O.DESCRIPTORS, _O.PATIENT_CHARACTERISTICS, _O.MODIFIED_DATES)),
            dates=Dates.SHIFTED,
        ),
    )
}


def profile(name_or_path: str) -> Profile:
    """A ready-made profile by its name, or a site's own by the path of its TOML file.

    Raises: ProfileRefused
    """
    if name_or_path in READY_MADE:
        return READY_MADE[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".toml" and not path.is_file():
        raise ProfileRefused(f"There is no file {path.name}.")
    if path.suffix != ".toml":
        names = ", ".join(READY_MADE)
        raise ProfileRefused(f"There is no profile of that name. Choose one of {names}, or a .toml file.")
    import tomllib  # noqa: PLC0415  (only for a site's own, and the independent check loads this file too)

    try:
        return from_toml(tomllib.loads(path.read_text()))
    except UnicodeDecodeError as wrong:
        raise ProfileRefused(f"{path.name} is not a text file.") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise ProfileRefused(f"{path.name} is not valid TOML: {wrong}") from wrong


def with_options(base: Profile, options: frozenset[Option]) -> Profile:
    """The same profile with these options too; the dates follow the date options."""
    merged = base.options | options
    if Option.MODIFIED_DATES in options:
        merged -= {Option.FULL_DATES}
        return replace(base, options=merged, dates=Dates.SHIFTED)
    if Option.FULL_DATES in options:
        merged -= {Option.MODIFIED_DATES}
        return replace(base, options=merged, dates=Dates.KEPT)
    return replace(base, options=merged)


_KEYS: Final = {"name", "base", "options", "without", "remove", "keep", "whole_weeks", "justification"}


def from_toml(data: dict[str, Any]) -> Profile:
    """A site's profile: `base`, what it takes away (`without`, `remove`), and what it adds with its reason.

    Raises: ProfileRefused for unknown keys, and for anything wider than the base that names no justification.
    """
    if unknown := set(data) - _KEYS:
        raise ProfileRefused(f"Unknown key: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(_KEYS))}.")
    base = READY_MADE.get(str(data.get("base", "basic")))
    if base is None:
        raise ProfileRefused(f"base must be one of {', '.join(READY_MADE)}.")
    why = {str(k): str(v) for k, v in dict(data.get("justification", {})).items()}
    added = frozenset(_option(name) for name in data.get("options", ()))
    for option in added - base.options:
        name = next(key for key, value in OPTION_NAMES.items() if value is option)
        if not why.get(name, "").strip():
            raise ProfileRefused(f"{name} keeps more than {base.name}: give its reason under [justification].")
    keep = {_tag(tag): str(reason) for tag, reason in dict(data.get("keep", {})).items()}
    if any(not reason.strip() for reason in keep.values()):
        raise ProfileRefused("Every attribute under [keep] needs its reason.")
    wide = with_options(base, added) if added else base
    gone = frozenset(_option(name) for name in data.get("without", ()))
    dates = Dates.REMOVED if gone & {Option.FULL_DATES, Option.MODIFIED_DATES} else wide.dates
    return replace(
        wide,
        name=str(data.get("name", base.name)),
        options=wide.options - gone,
        dates=dates,
        whole_weeks=bool(data.get("whole_weeks", base.whole_weeks)),
        remove=frozenset(_tag(tag) for tag in data.get("remove", ())),
        keep=keep,
        justification=why,
    )


def _option(name: str) -> Option:
    if name not in OPTION_NAMES:
        raise ProfileRefused(f"Unknown option {name}. Known: {', '.join(OPTION_NAMES)}.")
    return OPTION_NAMES[name]


def _tag(text: str) -> int:
    digits = text.strip("()").replace(",", "")
    try:
        tag = int(digits, 16)
    except ValueError:
        tag = -1
    if len(digits) != 8 or tag < 0:
        raise ProfileRefused(f"{text} is not a tag. Write it as (0018,1000).")
    return tag
