"""Writes docs/reference/matrix.md from the matrix of access: `python tools/matrix_reference.py`."""

import os
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "matrix.md"
HEAD = """# Who may do what

<!-- Made by tools/matrix_reference.py from src/scanward/access/matrix.py. Do not edit. -->

One row is one rule. Somebody with one of the roles (none: the relation says it all), who stands in the relation to the
record, may do the actions for the purposes. What no row allows is refused. `scanward access explain` says for a person
and a record which row decides. "any release" stands for every purpose but breaking the glass, running the system,
training and testing.

"""
RELATIONS = """
## Relations

| Relation | Means |
|---|---|
| `own` | the account is linked, with a proof of identity, to the patient |
| `represented` | a verified authority reaches this record now |
| `shared` | a link or an app that the patient gave these studies and deeds, until then |
| `assigned` | the patient is on the clinician's worklist: ordering, performing, care team, a dated referral |
| `emergency` | the glass is broken for this patient, and the time is not over |
| `request` | the study belongs to a release request that the person works on |
| `other` | none of these |
| `house` | no patient's record at all |
"""


def page() -> str:
    """Return the page's text."""
    from scanward.access.kinds import SHOWS, Part  # noqa: PLC0415  Django is set up only when the page is made
    from scanward.access.matrix import RELEASE, RULES  # noqa: PLC0415
    from scanward.law.purpose import PurposeOfUse  # noqa: PLC0415
    from scanward.people.kinds import Role  # noqa: PLC0415

    def listed(values: object, everything: object, order: list[str]) -> str:
        if values == frozenset(everything):  # type: ignore[call-overload]  # an enum is iterable
            return "all"
        return ", ".join(f"`{name}`" for name in order if name in {str(value.value) for value in values})  # type: ignore[attr-defined]

    roles, purposes = [role.value for role in Role], [purpose.value for purpose in PurposeOfUse]
    rows = []
    for rule in RULES:
        who = "-" if rule.roles is None else listed(rule.roles, Role, roles)
        what = ", ".join(f"`{action}`" for action in sorted(action.value for action in rule.actions))
        why = "any release" if rule.purposes == RELEASE else listed(rule.purposes, PurposeOfUse, purposes)
        rows.append(
            f"| `{rule.name}` | {who} | `{rule.relation.value}` | {what} | "
            f"{why} | `{rule.projection.value}` | "
            f"{rule.reason} {rule.citation} |"
        )
    table = "| Rule | Roles | Relation | Actions | Purposes | Shows | Why |\n|---|---|---|---|---|---|---|\n"
    shows = "\n## What is shown\n\n| Projection | Parts |\n|---|---|\n" + "".join(
        f"| `{name.value}` | {', '.join(part.value for part in Part if part in parts) or 'nothing'} |\n"
        for name, parts in SHOWS.items()
    )
    return HEAD + table + "\n".join(rows) + "\n" + RELATIONS + shows


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scanward.settings")
    django.setup()
    TARGET.write_text(page(), "utf-8")
