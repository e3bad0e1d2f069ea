"""Keep the workspaces that a team is named for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_identity_links")]

    operations = [
        migrations.AddField(
            model_name="team", name="workspace_tokens", field=models.JSONField(blank=True, default=list)
        ),
    ]
