from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("release", "0012_accounting_suspensions")]

    operations = [
        migrations.RemoveField(model_name="amendmentrequest", name="rebuttal"),
        migrations.AddField(
            model_name="amendmentrequest",
            name="attached",
            field=models.BooleanField(default=False),
        ),
    ]
