"""Credit notes are told of too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="webhookevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("invoice.generated", "Invoice Generated"),
                    ("invoice.generation_failed", "Invoice Generation Failed"),
                    ("invoice.approved", "Invoice Approved"),
                    ("invoice.cancelled", "Invoice Cancelled"),
                    ("credit_note.issued", "Credit Note Issued"),
                    ("delivery.accepted", "Delivery Accepted"),
                    ("delivery.deferred", "Delivery Deferred"),
                    ("delivery.failed", "Delivery Failed"),
                    ("delivery.bounced", "Delivery Bounced"),
                    ("webhook.test", "Test"),
                ],
                max_length=40,
            ),
        ),
    ]
