"""What the desk takes out of a checked package itself: pages for the printer, a file for a disc or stick."""

from datetime import datetime

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.bundles import pdf
from scanward.bundles.members import Member
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release.actions.mailing import open_for
from scanward.release.actions.preparing import clerk_permit, current_package, laid_out
from scanward.release.contents import Download
from scanward.release.kinds import State
from scanward.release.models import ReleaseRequest
from scanward.release.moving import check_still, lock, permit, tell
from scanward.release.ways import ON_MEDIA, Arrival, Medium


def print_report(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> bytes:
    """Return the checked report as one PDF for the printer at the desk; each print is in the ledger (G11).

    Raises:
        Unlawful: the request is not for paper, or its package has not been checked, or has changed since.
        NotNow: what the release rests on has ended.
    """
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.medium != Medium.PAPER.value or row.state != State.READY.value:
            raise Unlawful("Only a checked report that was asked for on paper is printed.", "45 CFR 164.530(c)(1)")
        check_still(row, now=now)
        package = current_package(row, by=by, now=now, place=place)
        listed = laid_out(package, clerk_permit(package, by, place=place))
        reports = [member for member in listed if member.name.endswith(".pdf")]
        printed = pdf.joined([_whole(member) for member in reports])
        detail: dict[str, str | int] = {"package": str(package.pk), "pages": printed.pages}
        tell(row, EventKind.PRINTED, by=reference(actor), now=now, place=place, detail=detail)
    return printed.content


def copy_for_medium(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> Download:
    """Return the checked copy, locked with its passphrase, which the desk writes on a disc or a stick (G9, G10, G16).

    Raises:
        Unlawful: the request is not for a disc or stick, or its package has not been checked, or has changed since.
        NotNow: what the release rests on has ended.
    """
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        on_medium = Arrival(row.delivery) in ON_MEDIA and row.medium != Medium.PAPER.value
        if not on_medium or row.state != State.READY.value:
            raise Unlawful("Only a checked copy that goes out on a disc or stick is written.", "45 CFR 164.530(c)(1)")
        check_still(row, now=now)
        package = current_package(row, by=by, now=now, place=place)
        written = open_for(package, clerk_permit(package, by, place=place))
        detail: dict[str, str | int] = {"package": str(package.pk), "bytes": written.size}
        tell(row, EventKind.EXPORTED, by=reference(actor), now=now, place=place, detail=detail)
    return written


def _whole(member: Member) -> bytes:
    with member.open() as stream:
        return stream.read()
