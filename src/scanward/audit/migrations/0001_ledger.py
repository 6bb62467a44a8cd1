from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from scanward.audit import guards


def install(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in guards.installation(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    # There is no way back: a ledger is not taken down by a migration.
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leaf", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=40)),
                ("outcome", models.SmallIntegerField()),
                ("actor_id", models.CharField(max_length=200)),
                ("patient_id", models.CharField(max_length=200)),
                ("subject_kind", models.CharField(max_length=20)),
                ("subject_id", models.CharField(max_length=200)),
                ("body", models.TextField()),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "audit_entry",
                "ordering": ["seq"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("frontier", models.BinaryField()),
            ],
            options={"db_table": "audit_head", "managed": False},
        ),
        migrations.RunPython(install),
    ]
