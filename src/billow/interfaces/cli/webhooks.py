"""`billow webhooks`: who is told of events, by HTTPS."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import BillowGroup, Door, Failed
from billow.interfaces.cli.tables import print_fields, print_table

if TYPE_CHECKING:
    from billow.records.webhooks.models import WebhookCall, WebhookEndpoint
    from billow.usecases.webhooks import EndpointWithSecret

_EVENTS_HELP = "An event to tell of, such as invoice.approved; repeat for several, none for all."


class Moment(click.ParamType[datetime]):
    """A day or a time, written YYYY-MM-DD or YYYY-MM-DDTHH:MM; UTC unless it names an offset."""

    name = "YYYY-MM-DD[THH:MM]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write one such as 2026-03-31 or 2026-03-31T14:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group(cls=BillowGroup)
def webhooks() -> None:
    """Who is told of events, by HTTPS."""


@webhooks.command()
@click.argument("url")
@click.option("--description", default="", help="What it is, for people.")
@click.option("--event", "events", multiple=True, help=_EVENTS_HELP)
@click.pass_obj
def add(door: Door, url: str, description: str, events: tuple[str, ...]) -> None:
    """Register an address, and show the secret of its signatures this once.

    \b
    Example:
      billow webhooks add https://erp.example.com/billow --description ERP --event invoice.approved
    """
    from billow.usecases.webhooks import add_endpoint

    added = add_endpoint(actor=door.actor, url=url, description=description, event_types=events, now=door.now)
    _show_secret(door, added)


@webhooks.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the webhooks and how they are.

    \b
    Example:
      billow webhooks list
    """
    from billow.usecases.webhooks import list_endpoints

    documents = [endpoint_document(endpoint) for endpoint in list_endpoints(actor=door.actor)]
    door.answer(
        {"webhooks": documents},
        lambda: print_table(
            headers=("Description", "URL", "Events", "On", "Failing since", "Why off", "Token"),
            rows=[
                (
                    each["description"],
                    each["url"],
                    each["event_types"] or "all",
                    each["active"],
                    each["failing_since"],
                    each["off_reason"],
                    each["token"],
                )
                for each in documents
            ],
        ),
    )


@webhooks.command()
@click.argument("webhook")
@click.option("--status", help="Only calls that are queued, calling, accepted, deferred or failed.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many calls.")
@click.pass_obj
def show(door: Door, webhook: str, status: str | None, limit: int) -> None:
    """Show one webhook with its newest calls and every attempt.

    \b
    Example:
      billow webhooks show ERP --status failed
    """
    from billow.usecases.webhooks import calls_of, find_endpoint

    endpoint = find_endpoint(actor=door.actor, text=webhook)
    calls = [call_document(call) for call in calls_of(actor=door.actor, endpoint=endpoint, status=status)[:limit]]
    document = endpoint_document(endpoint)

    def text() -> None:
        print_fields(fields=document.items())
        print_table(
            headers=("Event", "Type", "About", "Status", "Attempts", "Next", "Outcome"),
            rows=[
                (
                    call["event_token"],
                    call["type"],
                    call["object_token"],
                    call["status"],
                    len(call["attempts"]),
                    call["next_attempt_at"],
                    call["outcome_message"],
                )
                for call in calls
            ],
            right=(4,),
        )

    door.answer({**document, "calls": calls}, text)


@webhooks.command("set")
@click.argument("webhook")
@click.option("--url", help="A new address.")
@click.option("--description", help="A new description.")
@click.option("--event", "events", multiple=True, help=_EVENTS_HELP)
@click.option("--all-events", is_flag=True, help="Tell of everything.")
@click.option("--on/--off", "active", default=None, help="Switch it on or off.")
@click.pass_obj
def change(
    door: Door,
    *,
    webhook: str,
    url: str | None,
    description: str | None,
    events: tuple[str, ...],
    all_events: bool,
    active: bool | None,
) -> None:
    """Change a webhook, or switch it on or off.

    \b
    Example:
      billow webhooks set ERP --on
    """
    from billow.usecases.webhooks import change_endpoint, find_endpoint

    if events and all_events:
        raise Failed("wrong_usage", "Use --event or --all-events, not both")
    given = {"url": url, "description": description, "active": active}
    fields: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if events or all_events:
        fields["event_types"] = list(events)
    endpoint = find_endpoint(actor=door.actor, text=webhook)
    document = endpoint_document(change_endpoint(actor=door.actor, endpoint=endpoint, fields=fields, now=door.now))
    door.answer(document, lambda: print_fields(fields=document.items()))


@webhooks.command()
@click.argument("webhook")
@click.option(
    "--overlap",
    type=click.IntRange(0, 168),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="How long the old secret counts too.",
)
@click.pass_obj
def rotate(door: Door, webhook: str, overlap: int) -> None:
    """Show a new secret; calls are signed with the old one too for some hours.

    \b
    Example:
      billow webhooks rotate ERP --overlap 48
    """
    from billow.usecases.webhooks import find_endpoint, rotate_secret

    endpoint = find_endpoint(actor=door.actor, text=webhook)
    _show_secret(
        door, rotate_secret(actor=door.actor, endpoint=endpoint, overlap=timedelta(hours=overlap), now=door.now)
    )


@webhooks.command()
@click.argument("webhook")
@click.pass_obj
def test(door: Door, webhook: str) -> None:
    """Queue an event that tells nothing; `show` says what became of it.

    \b
    Example:
      billow webhooks test ERP
    """
    from billow.usecases.webhooks import find_endpoint, send_test

    document = call_document(
        send_test(actor=door.actor, endpoint=find_endpoint(actor=door.actor, text=webhook), now=door.now)
    )
    door.answer(document, lambda: click.echo(f"{document['event_token']} is queued."))


@webhooks.command()
@click.argument("webhook")
@click.option("--event", "event_token", default="", help="One event, by its token.")
@click.option("--failed-since", type=Moment(), help="Everything that failed since then.")
@click.pass_obj
def replay(door: Door, webhook: str, event_token: str, failed_since: datetime | None) -> None:
    """Queue one event again, or all that failed since a time.

    \b
    Example:
      billow webhooks replay ERP --failed-since 2026-03-31T14:00
    """
    from billow.usecases.webhooks import find_endpoint
    from billow.usecases.webhooks import replay as replay_events

    replayed = replay_events(
        actor=door.actor,
        endpoint=find_endpoint(actor=door.actor, text=webhook),
        event_token=event_token,
        failed_since=failed_since,
        now=door.now,
    )
    door.answer({"replayed": replayed}, lambda: click.echo(f"{replayed} events are queued again."))


@webhooks.command()
@click.argument("webhook")
@click.pass_obj
def remove(door: Door, webhook: str) -> None:
    """Forget a webhook with its secrets and calls.

    \b
    Example:
      billow webhooks remove ERP --yes
    """
    from billow.usecases.webhooks import find_endpoint, remove_endpoint

    endpoint = find_endpoint(actor=door.actor, text=webhook)
    door.confirm(f"Remove the webhook {endpoint} to {endpoint.url}?")
    remove_endpoint(actor=door.actor, endpoint=endpoint, now=door.now)
    door.answer({"removed": endpoint.token}, lambda: click.echo(f"{endpoint} is removed."))


def endpoint_document(endpoint: "WebhookEndpoint") -> dict[str, Any]:
    """Return a webhook with the keys of the contract."""
    return {
        "token": endpoint.token,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
        "active": endpoint.active,
        "off_since": endpoint.off_since,
        "off_reason": endpoint.off_reason,
        "failing_since": endpoint.failing_since,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def call_document(call: "WebhookCall") -> dict[str, Any]:
    """Return a call and its attempts with the keys of the contract."""
    return {
        "event_token": call.event.token,
        "type": call.event.type,
        "object_token": call.event.object_token,
        "occurred_at": call.event.created_at,
        "status": call.status,
        "outcome_code": call.outcome_code,
        "outcome_message": call.outcome_message,
        "next_attempt_at": call.next_attempt_at,
        "attempts": [
            {
                "started_at": attempt.started_at,
                "ended_at": attempt.ended_at,
                "response_status": attempt.response_status,
                "code": attempt.code,
                "message": attempt.message,
                "excerpt": attempt.excerpt,
            }
            for attempt in call.tries.all()
        ],
    }


def _show_secret(door: Door, shown: "EndpointWithSecret") -> None:
    document = {**endpoint_document(shown.endpoint), "secret": shown.secret, "old_secret_until": shown.old_until}

    def text() -> None:
        print_fields(fields=document.items())
        click.echo("Keep the secret now: it is not shown again.", err=True)

    door.answer(document, text)
