from typing import Any

from django.db import migrations, models
from django.db.models import F


def posted_then(apps: Any, _schema_editor: Any) -> None:
    """What was mailed before there was this column is taken as handed over."""
    mailed = apps.get_model("release", "Delivery").objects.filter(way__in=["email", "plain_email"])
    mailed.update(posted_at=F("at"))


class Migration(migrations.Migration):
    dependencies = [
        ("release", "0005_transfers_papers_questions"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="certificate",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="delivery",
            name="posted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(posted_then, migrations.RunPython.noop),
    ]
