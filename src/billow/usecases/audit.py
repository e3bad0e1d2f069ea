"""Write the audit log: who did what to which record, in the transaction that did it."""

from datetime import datetime

from billow.records.audit.models import AuditEntry
from billow.usecases.actor import Actor


def record(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    object_token: str = "",
    object_name: str = "",
    changes: dict[str, object] | None = None,
    now: datetime,
) -> None:
    """Add one audit entry. ``changes`` must hold no secret and only JSON values."""
    AuditEntry.objects.create(
        management_account=actor.management_account,
        user=actor.user,
        source=actor.source,
        action=action,
        object_type=object_type,
        object_token=object_token,
        object_name=object_name[:255],
        changes=changes or {},
        created_at=now,
    )
