from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0004_reports_taken_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="report",
            name="mark",
            field=models.CharField(blank=True, default="", max_length=20),
            preserve_default=False,
        ),
    ]
