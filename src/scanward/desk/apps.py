"""The app's name for Django."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Pages for staff."""

    name = "scanward.desk"
    label = "desk"
