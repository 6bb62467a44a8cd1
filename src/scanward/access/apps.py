"""The app's name for Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Decisions."""

    name = "scanward.access"
    label = "access"
