"""Files of custom costs that people uploaded."""

import functools

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import billow.terms.token


class Migration(migrations.Migration):
    dependencies = [
        ("costs", "0003_no_replacement"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UserCostsUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "token",
                    models.CharField(
                        default=functools.partial(billow.terms.token.new_token, *(), **{"kind": "user_costs_upload"}),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                ("filename", models.CharField(max_length=255)),
                ("amounts", models.JSONField(default=dict)),
                ("start_date", models.DateField()),
                ("end_date", models.DateField()),
                ("rows", models.BigIntegerField()),
                ("storage_key", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to="costs.integration"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("integration", "filename"), name="one_upload_per_filename"),
                    models.CheckConstraint(
                        condition=models.Q(("end_date__gte", models.F("start_date"))), name="upload_ends_after_start"
                    ),
                ],
            },
        ),
    ]
