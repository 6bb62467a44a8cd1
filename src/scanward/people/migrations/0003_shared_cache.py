"""The table of the cache that the web workers share: limits on sign-in tries are counted in it."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def make(_apps: Any, schema_editor: Any) -> None:
    """Make the table."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    """Makes the table; what is in a cache may be lost at any time."""

    dependencies = [("people", "0002_people_and_access")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
