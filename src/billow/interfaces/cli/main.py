"""The program `billow`: the table of its commands."""

import click

from billow import __version__
from billow.interfaces.cli.door import LazyGroup, shared_options, take_shared_options

_HERE = "billow.interfaces.cli"

COMMANDS = {
    "init": (f"{_HERE}.installation:init", "Make the data folder, the keys, the database and the owner."),
    "demo": (f"{_HERE}.demo:demo", "Close a month for a fictional provider, then serve the console."),
    "serve": (f"{_HERE}.server:serve", "Serve the console with a worker inside."),
    "worker": (f"{_HERE}.server:worker", "Run a worker alone."),
    "overview": (f"{_HERE}.overview:overview", "How far the close of a month is, and what to do next."),
    "settings": (f"{_HERE}.settings:settings", "Time zone, currency and number pattern of the management account."),
    "profiles": (f"{_HERE}.profiles:profiles", "Billing profiles: what invoices say about you."),
    "accounts": (f"{_HERE}.accounts:accounts", "Managed accounts: your customers."),
    "integrations": (f"{_HERE}.integrations:integrations", "Cost sources, and who gets what of them."),
    "costs": (f"{_HERE}.costs:costs", "Import bills and report costs."),
    "rules": (f"{_HERE}.rule_reference:rules", "Billing rules: what customers see of the cost."),
    "rates": (f"{_HERE}.rates:rates", "Exchange rates."),
    "invoices": (f"{_HERE}.invoice_credits:invoices", "Generate, approve, send, explain and credit invoices."),
    "webhooks": (f"{_HERE}.webhooks:webhooks", "Who is told of events, by HTTPS."),
    "users": (f"{_HERE}.people:users", "People, and what they may do."),
    "teams": (f"{_HERE}.people:teams", "Teams, and which managed accounts they see."),
    "tokens": (f"{_HERE}.tokens:tokens", "API tokens for programs."),
    "verify": (f"{_HERE}.verification:verify", "Prove that what was issued is what is stored."),
    "backup": (f"{_HERE}.archive:backup", "Write everything into one file, while Billow runs."),
    "restore": (f"{_HERE}.archive:restore", "Bring everything back from such a file."),
    "completion": (f"{_HERE}.completion:completion", "Print the completion script for your shell."),
}


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    params=shared_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command has --help with an example. Money in JSON is text; exit codes are 0 done, 1 refused or "
    "failed, 2 wrong usage, 3 partly done.",
)
@click.version_option(__version__, prog_name="billow")
@click.pass_context
def main(ctx: click.Context, /, **_shared: object) -> None:
    """Invoicing for managed service providers: a bill goes in, invoices come out."""
    ctx.meta["billow.shared"] = take_shared_options(ctx)
