from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0003_brought_discs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="status",
            field=models.CharField(
                choices=[
                    ("preliminary", "Preliminary"),
                    ("final", "Final"),
                    ("amended", "Amended"),
                    ("cancelled", "Cancelled"),
                    ("entered-in-error", "Withdrawn"),
                ],
                max_length=16,
            ),
        ),
    ]
