"""Keep SQL rules, every kind of adjustment, and support fees."""

from django.db import migrations, models

import billow.records.fields


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_invoice_list_order"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="billingrule",
            name="rule_type_known",
        ),
        migrations.RemoveConstraint(
            model_name="billingrule",
            name="rule_has_what_its_type_needs",
        ),
        migrations.AddField(
            model_name="billingrule",
            name="adjustment_type",
            field=models.CharField(
                choices=[
                    ("per_service", "Per Service"),
                    ("public_price", "Public Price"),
                    ("remove_commitment_discounts", "Remove Commitment Discounts"),
                    ("retier", "Retier"),
                ],
                default="per_service",
                max_length=30,
            ),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="charge_calculation",
            field=models.CharField(
                choices=[("fixed", "Fixed"), ("support_fee", "Support Fee")], default="fixed", max_length=20
            ),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="fee_minimum",
            field=billow.records.fields.ExactDecimalField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="fee_per_account",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="fee_provider",
            field=models.CharField(default="aws", max_length=40),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="fee_tiers",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="include_free_tier",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="billingrule",
            name="sql_query",
            field=models.TextField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="billingrule",
            name="type",
            field=models.CharField(
                choices=[
                    ("exclusion", "Exclusion"),
                    ("adjustment", "Adjustment"),
                    ("charge", "Charge"),
                    ("credit", "Credit"),
                    ("custom", "Custom"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("type__in", ["exclusion", "adjustment", "charge", "credit", "custom"])),
                name="rule_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("charge_type__isnull", False), ("type", "exclusion")),
                    models.Q(("adjustment_type", "per_service"), ("percentage__isnull", False), ("type", "adjustment")),
                    models.Q(
                        ("percentage__isnull", True),
                        ("type", "adjustment"),
                        models.Q(("adjustment_type", "per_service"), _negated=True),
                    ),
                    models.Q(
                        ("amount__isnull", False),
                        ("category__isnull", False),
                        ("charge_calculation", "fixed"),
                        ("service__isnull", False),
                        ("start_date__isnull", False),
                        ("sub_category__isnull", False),
                        ("type", "charge"),
                    ),
                    models.Q(
                        ("category__isnull", False),
                        ("charge_calculation", "support_fee"),
                        ("fee_tiers__isnull", False),
                        ("service__isnull", False),
                        ("sub_category__isnull", False),
                        ("type", "charge"),
                    ),
                    models.Q(
                        ("amount__isnull", False),
                        ("category__isnull", False),
                        ("service__isnull", False),
                        ("start_date__isnull", False),
                        ("sub_category__isnull", False),
                        ("type", "credit"),
                    ),
                    models.Q(
                        ("sql_query__isnull", False), ("type", "custom"), models.Q(("sql_query", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="rule_has_what_its_type_needs",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adjustment_type", "per_service"),
                    models.Q(
                        (
                            "adjustment_type__in",
                            ["per_service", "public_price", "remove_commitment_discounts", "retier"],
                        ),
                        ("type", "adjustment"),
                    ),
                    _connector="OR",
                ),
                name="rule_adjustment_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("charge_calculation", "fixed"),
                    models.Q(("charge_calculation__in", ["fixed", "support_fee"]), ("type", "charge")),
                    _connector="OR",
                ),
                name="rule_charge_calculation_known",
            ),
        ),
    ]
