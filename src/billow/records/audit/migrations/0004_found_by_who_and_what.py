"""Find entries by who and by what without reading all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_no_replacement")]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["management_account", "user", "-created_at"], name="audit_by_user"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["management_account", "object_type", "-created_at"], name="audit_by_type"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["management_account", "object_token", "-created_at"], name="audit_by_token"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["management_account", "object_name", "-created_at"], name="audit_by_name"),
        ),
    ]
