"""What is wrong with the SQL of a rule that is being written; nothing is stored."""

from billow.billingrules.sql.read import read_statement
from billow.records.accounts.models import Permission
from billow.terms.issue import Issue
from billow.usecases.actor import Actor


def check_rule_sql(*, actor: Actor, sql: str) -> tuple[Issue, ...]:
    """Return errors and cautions, each with line and column in its message; nothing for an empty text."""
    actor.must(Permission.SEE_MANAGEMENT)
    return tuple(read_statement(sql=sql)[1]) if sql.strip() else ()
