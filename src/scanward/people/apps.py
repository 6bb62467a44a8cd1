"""The app's name for Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Accounts and patients."""

    name = "scanward.people"
    label = "people"

    def ready(self) -> None:
        """Put sign-ins and sign-outs into the ledger, and keep what an error says out of the queue."""
        from scanward.people import queue, signins  # noqa: PLC0415  models are loaded only now

        signins.connect()
        queue.connect()
