"""The app's name for Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Everything that brings records in: receive() and what it hands to the archive."""

    name = "scanward.intake"
    label = "intake"
