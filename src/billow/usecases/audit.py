"""Write the audit log: who did what to which record, in the transaction that did it."""

from collections.abc import Iterable
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
    record_each(
        actor=actor,
        action=action,
        object_type=object_type,
        objects=[(object_token, object_name)],
        changes=changes,
        now=now,
    )


def record_each(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    objects: Iterable[tuple[str, str]],
    changes: dict[str, object] | None = None,
    now: datetime,
) -> None:
    """Add an audit entry for each object, (token, name), to which the same was done at once.

    What somebody of the MSP does inside a customer's account says in which.
    """
    where: dict[str, object] = {} if actor.inside is None else {"as_manager_user_of": actor.inside.token}
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                management_account=actor.management_account,
                user=actor.user,
                source=actor.source,
                action=action,
                object_type=object_type,
                object_token=token,
                object_name=name[:255],
                changes={**(changes or {}), **where},
                created_at=now,
            )
            for token, name in objects
        ],
        batch_size=500,
    )
