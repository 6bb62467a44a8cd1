"""The states, events and conditions of a request; nothing here reads a database."""

from enum import StrEnum


class State(StrEnum):
    """Where a request stands; the value is stored."""

    DRAFT = "draft"
    RECEIVED = "received"
    VERIFYING = "verifying"
    IN_REVIEW = "in_review"
    FEE_QUOTED = "fee_quoted"
    RETURNED_DEFECTIVE = "returned_defective"
    APPROVED = "approved"
    DENIED = "denied"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_DECIDED = "review_decided"
    PREPARING = "preparing"
    QUALITY_CHECK = "quality_check"
    READY = "ready"
    DELIVERED = "delivered"
    RETURNED_MAIL = "returned_mail"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"


class Event(StrEnum):
    """What can happen to a request; the value is stored in its history."""

    SUBMIT = "submit"
    CLAIM = "claim"
    ASK_INFO = "ask_info"
    INFO_GIVEN = "info_given"
    VERIFY = "verify"
    MATCH = "match"
    UNMATCH = "unmatch"
    CHECK_AUTHORIZATION = "check_authorization"
    RETURN_DEFECTIVE = "return_defective"
    CONFIRM_RECIPIENT = "confirm_recipient"
    QUOTE = "quote"
    ACCEPT_FEE = "accept_fee"
    CHANGE_FORMAT = "change_format"
    APPROVE = "approve"
    DENY = "deny"
    ASK_REVIEW = "ask_review"
    DECIDE_REVIEW = "decide_review"
    BUILD = "build"
    BUILT = "built"
    CHECK_FAILED = "check_failed"
    CHECK_PASSED = "check_passed"
    DELIVER = "deliver"
    MAIL_RETURNED = "mail_returned"
    READDRESS = "readdress"
    EXTEND = "extend"
    NOT_HERE = "not_here"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    BLOCK = "block"
    CLOSE = "close"


class Need(StrEnum):
    """What must be there before an event; the value is the sentence that staff read when it is not."""

    RECEIPT = "The request has no date of receipt."
    IDENTITY = "Nobody has verified yet who asks."
    AUTHORITY = "The representative's authority is not on file."
    PATIENT = "It is not known yet whose record this is: match the scans first, or say that they are not here."
    MATCHED = "No scan has been matched to the request yet: match the scans first."
    SAME_PATIENT = "One of the scans is in another patient's record now. Cancel this request, and enter a new one."
    FACELESS = "A head scan with its face goes on to research only with the patient's authorization."
    LIVING = "The patient has died. Only who acts for her estate may ask for this now."
    AUTHORIZATION = "This release needs a valid authorization, and there is none."
    DEFECTS = "The authorization has no defect, so it can't be returned."
    RECIPIENT = "The recipient's details have not been read back yet."
    FEE = "The fee has not been settled: quote it, and wait for the answer."
    BASIS = "The release has no legal basis yet."
    GRANTED = "Nothing has been granted."
    NOTHING_GRANTED = "Something is still granted, so the request is not denied as a whole."
    UNRESTRICTED = "A restriction that was agreed to forbids this release."
    CONTRACT = "The company has no contract in force."
    REVIEW_GRANTED = "The review upheld the denial."
    REVIEW_UPHELD = "The review granted access, so the copy is given."
    BUILDER = "There is no package to check."
    SECOND_PERSON = "The check is done by somebody else than who built the package."
    CHECKED = "Nobody has checked the package yet."
    UNEXTENDED = "The one extension has been used; there is never a second."


# From these nothing leads anywhere.
ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.CANCELLED, State.BLOCKED, State.RETURNED_DEFECTIVE})
# The legal clock is satisfied: what was asked has been given or refused in writing.
ANSWERED = ENDED | {State.DELIVERED, State.DENIED, State.REVIEW_REQUESTED, State.REVIEW_DECIDED}
# Before anything was delivered.
OPEN = frozenset(State) - ENDED - {State.DRAFT, State.DELIVERED}
