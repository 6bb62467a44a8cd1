"""What the privacy officer decides about."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class AnomalyRule(StrEnum):
    """A pattern in the ledger that a person should look at; `anomalies.py` says what each one can't see."""

    MANY_PATIENTS = "many_patients"
    SAME_NAME = "same_name"
    COWORKER = "coworker"
    WATCHED = "watched"
    NIGHT = "night"
    GLASS_RATE = "glass_rate"
    MANY_REFUSALS = "many_refusals"


class TaskOutcome(StrEnum):
    """What came of looking."""

    EXPLAINED = "explained"
    INCIDENT = "incident"


TASK_OUTCOME_NAMES = {
    TaskOutcome.EXPLAINED: _("There is a good reason"),
    TaskOutcome.INCIDENT: _("This must be investigated"),
}


class IncidentOrigin(StrEnum):
    """What an incident grew out of."""

    GLASS = "glass"
    ANOMALY = "anomaly"
    REPORTED = "reported"
