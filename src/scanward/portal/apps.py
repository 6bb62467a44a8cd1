"""The app's name for Django."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages for patients and representatives, and the look of all pages."""

    name = "scanward.portal"
    label = "portal"
