"""What can be done with a request; each verb checks, changes and writes its ledger entry in one transaction."""

from scanward.release.actions.asking import Asked, RecipientDetails, receive, withdraw
from scanward.release.actions.copying import copy_for_medium, print_report
from scanward.release.actions.deciding import approve, extend
from scanward.release.actions.delivering import (
    HandOver,
    deliver,
    mail_returned,
    media_label,
    readdress,
    warn_plain_email,
)
from scanward.release.actions.denying import ask_review, decide_review, deny
from scanward.release.actions.ending import block, cancel, close, end_expired, happened, revoke
from scanward.release.actions.exchanging import send_to_peer
from scanward.release.actions.matching import match, restate, unmatch
from scanward.release.actions.permitting import Permission, permit_disclosure
from scanward.release.actions.preparing import build, check_failed, check_passed
from scanward.release.actions.pricing import accept_fee, change_format, quote, waive
from scanward.release.actions.reviewing import (
    ask_info,
    check_authorization,
    claim,
    confirm_recipient,
    file_evidence,
    look,
    not_here,
    note_local_rules,
    return_defective,
    say,
    verify,
)

__all__ = [
    "Asked",
    "HandOver",
    "Permission",
    "RecipientDetails",
    "accept_fee",
    "approve",
    "ask_info",
    "ask_review",
    "block",
    "build",
    "cancel",
    "change_format",
    "check_authorization",
    "check_failed",
    "check_passed",
    "claim",
    "close",
    "confirm_recipient",
    "copy_for_medium",
    "decide_review",
    "deliver",
    "deny",
    "end_expired",
    "extend",
    "file_evidence",
    "happened",
    "look",
    "mail_returned",
    "match",
    "media_label",
    "not_here",
    "note_local_rules",
    "permit_disclosure",
    "print_report",
    "quote",
    "readdress",
    "receive",
    "restate",
    "return_defective",
    "revoke",
    "say",
    "send_to_peer",
    "unmatch",
    "verify",
    "waive",
    "warn_plain_email",
    "withdraw",
]
