"""Remember sign-ins that failed, so that guessing passwords is slow on any number of web processes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["key", "created_at"], name="sign_in_attempt_newest")]},
        ),
    ]
