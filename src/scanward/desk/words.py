"""What staff read instead of the names of states, events, tracks and warnings."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.law.bases import RecipientKind
from scanward.law.clock import Level
from scanward.law.tracks import Track
from scanward.release.kinds import State

STATE_NAMES: dict[State, str | Promise] = {
    State.DRAFT: _("Draft"),
    State.RECEIVED: _("New"),
    State.VERIFYING: _("Who asks?"),
    State.IN_REVIEW: _("In review"),
    State.FEE_QUOTED: _("Waits for an answer to the fee"),
    State.RETURNED_DEFECTIVE: _("Returned: defective"),
    State.APPROVED: _("Approved"),
    State.DENIED: _("Denied"),
    State.REVIEW_REQUESTED: _("Review asked for"),
    State.REVIEW_DECIDED: _("Review decided"),
    State.PREPARING: _("Being prepared"),
    State.QUALITY_CHECK: _("Waits for the second person"),
    State.READY: _("Ready to leave"),
    State.DELIVERED: _("Delivered"),
    State.RETURNED_MAIL: _("Mail came back"),
    State.CLOSED: _("Closed"),
    State.WITHDRAWN: _("Withdrawn"),
    State.CANCELLED: _("Cancelled"),
    State.BLOCKED: _("Stopped: permission ended"),
}
TRACK_NAMES: dict[Track, str | Promise] = {
    Track.ACCESS: _("Own record, or of somebody they represent"),
    Track.DIRECTIVE: _("The patient sends it to somebody"),
    Track.AUTHORIZATION: _("Somebody else asks, with an authorization"),
    Track.TREATMENT: _("For treatment"),
    Track.OPERATIONS: _("For payment or operations"),
    Track.PERMITTED: _("Permitted or required by law"),
    Track.RESEARCH: _("For research"),
}
LEVEL_NAMES: dict[Level, str | Promise] = {
    Level.CALM: _("In time"),
    Level.HALF: _("Half of the time is gone"),
    Level.THREE_QUARTERS: _("Soon due"),
    Level.NINE_TENTHS: _("Due now"),
    Level.OVERDUE: _("Overdue"),
}
# Who a copy can go to, when a request comes by word or on paper; each can be named by the patient herself (D14).
RECIPIENT_NAMES: dict[RecipientKind, str | Promise] = {
    RecipientKind.PROVIDER: _("Provider"),
    RecipientKind.ATTORNEY: _("Attorney"),
    RecipientKind.EMPLOYER: _("Employer"),
    RecipientKind.SCHOOL: _("School"),
    RecipientKind.FAMILY: _("Family or friend"),
    RecipientKind.HEALTH_PLAN: _("Health plan"),
    RecipientKind.OTHER_INSURER: _("Other insurer"),
    RecipientKind.PUBLIC_AUTHORITY: _("Public authority"),
    RecipientKind.COURT: _("Court"),
    RecipientKind.RESEARCHER: _("Researcher"),
    RecipientKind.BUSINESS_ASSOCIATE: _("A company that works for us"),
    RecipientKind.CORONER: _("Coroner or funeral director"),
    RecipientKind.DONATION_AGENCY: _("Organ donation"),
    RecipientKind.MEDIA: _("Press or broadcast"),
    RecipientKind.OTHER: _("Somebody else"),
}
