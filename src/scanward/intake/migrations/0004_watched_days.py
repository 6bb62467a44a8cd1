from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0003_retrievals"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchedDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("looked_at", models.DateTimeField()),
                ("counts", models.JSONField(default=dict)),
                ("reasons", models.JSONField(default=dict)),
                ("problem", models.CharField(blank=True, max_length=32)),
            ],
            options={"ordering": ["-day"]},
        ),
    ]
