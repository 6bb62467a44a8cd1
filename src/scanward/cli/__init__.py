"""`scanward ...`: one thin file for each command; a command is loaded only when it is called."""

import gc
import importlib
import os

import click

# What a command loads stays: looking through it for garbage, over and over, would be a seventh of its start.
gc.set_threshold(20_000, 20, 20)
# name on the command line -> the file that has its `command`
COMMANDS = {
    "init": "init",
    "demo": "demo",
    "serve": "serve",
    "worker": "worker",
    "import": "import_",
    "listen": "listen",
    "watch": "watch",
    "key": "key",
    "link": "link",
    "audit": "audit",
    "vault": "vault",
    "access": "access",
    "deid": "deid",
    "check-migrations": "check_migrations",
    "migrate": "migrate",
}
WITHOUT_DJANGO = {"deid", "demo", "init"}


class Commands(click.Group):
    """The commands, by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command, with Django set up if it needs Django."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in WITHOUT_DJANGO:
            set_up_django()
        module = importlib.import_module(f"scanward.cli.{COMMANDS[cmd_name]}")
        found = module.command
        if not isinstance(found, click.Command):
            raise TypeError(f"scanward.cli.{COMMANDS[cmd_name]} has no command")
        return found


def set_up_django() -> None:
    """Load the rooms.

    Raises:
        click.ClickException: a setting is so wrong that not even the checks of `cli.startup` can be loaded (fault E9).
    """
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scanward.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        said = "The secret key is missing. Run `scanward init`." if "SECRET_KEY" in str(error) else str(error)
        raise click.ClickException(f"Scanward does not start:\n  - {said}") from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scanward")
def main() -> None:
    """Scanward releases CT scans to exactly the right people, and to nobody else."""
