"""The app's name for Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """What every page needs."""

    name = "scanward.web"
    label = "web"
