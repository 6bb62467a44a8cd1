"""The app's name for Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Accounts and patients."""

    name = "scanward.people"
    label = "people"

    def ready(self) -> None:
        """Put sign-ins and sign-outs into the ledger."""
        from scanward.people import signins  # noqa: PLC0415  models are loaded only now

        signins.connect()
