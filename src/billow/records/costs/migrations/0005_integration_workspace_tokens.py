"""Keep the workspaces that an integration is named for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("costs", "0004_user_costs_uploads")]

    operations = [
        migrations.AddField(
            model_name="integration", name="workspace_tokens", field=models.JSONField(blank=True, default=list)
        ),
    ]
