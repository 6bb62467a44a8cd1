"""The app's name for Django."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Patient, study, series, instance and reports: store() and open(grant), the only door to the vault."""

    name = "scanward.archive"
    label = "archive"
