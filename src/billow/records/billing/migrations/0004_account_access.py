"""Remember which team may see which account, and texts as clients sent them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_tokens_and_teams"),
        ("billing", "0003_no_replacement"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingrule",
            name="dates_as_given",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="managedaccount",
            name="integration_order",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="managedaccount",
            name="sso_connection",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="AccountAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("can_access", models.BooleanField()),
                (
                    "managed_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="team_access",
                        to="billing.managedaccount",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="account_access", to="accounts.team"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "account access",
                "constraints": [
                    models.UniqueConstraint(fields=("team", "managed_account"), name="team_says_one_thing")
                ],
            },
        ),
    ]
