"""The app's name for Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only, tamper-evident ledger."""

    name = "scanward.audit"
    label = "audit"
