"""No audit entry makes room for another."""

from django.db import migrations

from billow.records.protection import RefuseReplacement


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_write_protection")]

    operations = [
        RefuseReplacement(
            name="audit_auditentry_no_replace",
            table="audit_auditentry",
            keys=(("id",),),
            message="audit_auditentry is append-only: REPLACE refused",
        ),
    ]
