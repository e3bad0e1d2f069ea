"""Find a page of a long list of invoices without sorting them all."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_tokens_and_teams"),
        ("billing", "0005_credit_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                fields=["management_account", "-period_start", "series", "sequence"], name="invoice_in_order"
            ),
        ),
    ]
