"""What the release room keeps; one file for each subject."""

from scanward.release.models.deliveries import (
    Custody,
    Delivery,
    Disclosure,
    ReleasePackage,
    Transfer,
    TransferState,
)
from scanward.release.models.packages import Package
from scanward.release.models.papers import (
    Authorization,
    Denial,
    Evidence,
    FeeQuote,
    Letter,
    Message,
    Paper,
    PaperKind,
    Question,
)
from scanward.release.models.requests import Recipient, ReleaseRequest, Step
from scanward.release.models.rights import (
    AccountingRequest,
    AccountingSuspension,
    AlternativeAddress,
    AmendmentRequest,
    CorrectionTold,
    ReportLabel,
    ReportNotice,
    Restriction,
)
from scanward.release.models.shares import Attempt, SealedFile, Share, ShareVisit

__all__ = [
    "AccountingRequest",
    "AccountingSuspension",
    "AlternativeAddress",
    "AmendmentRequest",
    "Attempt",
    "Authorization",
    "CorrectionTold",
    "Custody",
    "Delivery",
    "Denial",
    "Disclosure",
    "Evidence",
    "FeeQuote",
    "Letter",
    "Message",
    "Package",
    "Paper",
    "PaperKind",
    "Question",
    "Recipient",
    "ReleasePackage",
    "ReleaseRequest",
    "ReportLabel",
    "ReportNotice",
    "Restriction",
    "SealedFile",
    "Share",
    "ShareVisit",
    "Step",
    "Transfer",
    "TransferState",
]
