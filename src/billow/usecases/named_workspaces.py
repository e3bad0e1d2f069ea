"""The workspaces that a team or an integration names: kept and answered as they were written.

They say nothing about who may see what: people of the MSP see every workspace, and teams say which managed accounts.
"""

from collections.abc import Sequence
from datetime import datetime

from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings
from billow.usecases.workspaces import own_workspaces

COLUMN = "workspace_tokens"


def read_named(findings: Findings, value: object, *, actor: Actor, now: datetime) -> list[str]:
    """Return the tokens, each once, with a finding for whatever is no workspace of the actor's own."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        findings.error("not_a_list", COLUMN, f"{COLUMN} must be a list of texts")
        return []
    own = {workspace.token for workspace in own_workspaces(actor=actor, now=now)}
    for token in value:
        if token not in own:
            findings.error("unknown_workspace", COLUMN, f"There is no workspace {token!r}", token)
    return list(dict.fromkeys(value))


def named_or_all(named: Sequence[str], *, own: Sequence[str]) -> list[str]:
    """Return the named ones that are still there; all of them where none is named."""
    return [token for token in named if token in own] or list(own)
