"""The app's name for Django."""

from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    """Releases."""

    name = "scanward.release"
    label = "release"
