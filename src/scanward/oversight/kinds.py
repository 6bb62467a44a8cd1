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
    URGENT_UNREAD = "urgent_unread"


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


class Safeguard(StrEnum):
    """What keeps people away from the machines, 45 CFR 164.310 (O6)."""

    SERVER_ROOM = "server_room"
    WORKSTATIONS = "workstations"
    SCREENS = "screens"
    MEDIA = "media"
    VISITORS = "visitors"
    MAINTENANCE = "maintenance"


SAFEGUARD_NAMES = {
    Safeguard.SERVER_ROOM: _("The server room is locked, and we know who has a key."),
    Safeguard.WORKSTATIONS: _("Computers with records stand where only staff can use them."),
    Safeguard.SCREENS: _("Nobody passing by can read a screen."),
    Safeguard.MEDIA: _("Discs, drives and prints are locked away, and destroyed when they are done with."),
    Safeguard.VISITORS: _("Visitors are signed in, and never alone with the machines."),
    Safeguard.MAINTENANCE: _("Repairs of doors, locks and machines are written down."),
}
