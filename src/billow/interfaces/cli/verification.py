"""`billow verify`: prove that what was issued is what is stored."""

import click

from billow.interfaces.cli.door import FAILED, BillowCommand, Door, error_line
from billow.interfaces.cli.tables import print_table


@click.command(cls=BillowCommand)
@click.pass_obj
def verify(door: Door) -> None:
    """Recompute hashes, chain, totals and invariants of everything issued; exit 1 and name whatever is wrong.

    \b
    Example:
      billow verify
    """
    from billow.usecases.verify import verify as verify_everything

    management_account = door.actor.management_account if door.management_account else None
    with door.progress("Verifying") as show:
        found = verify_everything(
            management_account=management_account, on_progress=lambda what, count: show(what, count, None)
        )
    for problem in found.problems:
        click.echo(error_line(code=problem.code, message=f"{problem.where}: {problem.message}"), err=True)
    document = {
        "checked": dict(found.checked),
        "problems": [
            {"code": problem.code, "where": problem.where, "message": problem.message} for problem in found.problems
        ],
    }

    def text() -> None:
        print_table(headers=("Checked", "Count"), rows=list(found.checked.items()), right=(1,))
        click.echo(f"{len(found.problems)} problems." if found.problems else "Everything is as it was issued.")

    door.answer(document, text)
    if found.problems:
        raise SystemExit(FAILED)
