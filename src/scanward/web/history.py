"""What happened with a request, line by line, for the requester and for the desk."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scanward.law.denials import Outcome
from scanward.release.kinds import Event
from scanward.release.models import Denial, ReleaseRequest

EVENT_NAMES: dict[Event, str | Promise] = {
    Event.SUBMIT: _("Received"),
    Event.CLAIM: _("Taken up"),
    Event.ASK_INFO: _("Asked for information"),
    Event.INFO_GIVEN: _("Information came"),
    Event.VERIFY: _("Verified who asks"),
    Event.MATCH: _("Matched scans"),
    Event.UNMATCH: _("Took back whose record it is"),
    Event.NOT_HERE: _("Answered that it is not kept here"),
    Event.CHECK_AUTHORIZATION: _("Checked the authorization"),
    Event.RETURN_DEFECTIVE: _("Returned the authorization"),
    Event.CONFIRM_RECIPIENT: _("Read the recipient back"),
    Event.QUOTE: _("Told the fee"),
    Event.ACCEPT_FEE: _("Fee settled"),
    Event.CHANGE_FORMAT: _("Changed the format"),
    Event.APPROVE: _("Approved"),
    Event.DENY: _("Denied"),
    Event.ASK_REVIEW: _("Review asked for"),
    Event.DECIDE_REVIEW: _("Review decided"),
    Event.BUILD: _("Began to build"),
    Event.BUILT: _("Built the package"),
    Event.CHECK_FAILED: _("Check failed"),
    Event.CHECK_PASSED: _("Check passed"),
    Event.DELIVER: _("Delivered"),
    Event.MAIL_RETURNED: _("Mail came back"),
    Event.READDRESS: _("New address"),
    Event.EXTEND: _("Extended"),
    Event.WITHDRAW: _("Withdrawn"),
    Event.CANCEL: _("Cancelled"),
    Event.BLOCK: _("Stopped"),
    Event.CLOSE: _("Closed"),
}
ITEM_NAMES: dict[str, str | Promise] = {"images": _("Images"), "report": _("Report")}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what, when, by whom, and what was said about it."""

    at: datetime
    words: str
    by: str = ""
    note: str = ""


def history(row: ReleaseRequest, *, public: bool) -> list[Line]:
    """Return a request's history, the oldest first; the requester's holds no work that stays inside the house.

    A denial of a part moves the request to no other state, so it is no step of it; nor is the review of one.
    """
    steps = row.steps.filter(public=True) if public else row.steps.all()
    lines = [Line(step.at, str(EVENT_NAMES[Event(step.event)]), step.by, step.note) for step in steps]
    told = {Event(step.event) for step in steps}
    for denial in row.denials.select_related("decided_by", "reviewer"):
        lines += _of_denial(denial, told)
    return sorted(lines, key=lambda line: line.at)


def _of_denial(denial: Denial, told: set[Event]) -> list[Line]:
    """Return what a denial of a part adds; a denial of everything has its steps already."""
    lines, judge = [], denial.decided_by.full_name
    if Event.DENY not in told:
        kept = ", ".join(str(ITEM_NAMES.get(item, item)) for item in denial.withheld)
        lines.append(Line(denial.decided_at, gettext("Kept back: {what}").format(what=kept), judge))
    if denial.review_asked_at and Event.ASK_REVIEW not in told:
        lines.append(Line(denial.review_asked_at, str(EVENT_NAMES[Event.ASK_REVIEW])))
    if denial.reviewed_at and Event.DECIDE_REVIEW not in told:
        granted = denial.outcome == Outcome.GRANTED
        words = gettext("The review granted it") if granted else gettext("The review left it as it was")
        lines.append(Line(denial.reviewed_at, words, denial.reviewer.full_name if denial.reviewer else ""))
    return lines
