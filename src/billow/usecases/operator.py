"""Whoever runs the installation: may do everything, on the management account that is meant."""

from billow.records.accounts.models import ManagementAccount
from billow.usecases.actor import Actor, Source
from billow.usecases.refused import Refused


def operator(*, management_account: str = "", source: Source = Source.CLI) -> Actor:
    """Return the operator on the management account with this token or name, or on the only one."""
    accounts = ManagementAccount.objects.order_by("pk")
    wanted = management_account.strip()
    if wanted:
        found = list(accounts.filter(token=wanted)) or list(accounts.filter(name__iexact=wanted))
    else:
        found = list(accounts)
    if len(found) == 1:
        return Actor(management_account=found[0], user=None, source=source)
    names = ", ".join(f"{account} ({account.token})" for account in accounts)
    if not names:
        raise Refused("not_initialised", "There is no management account yet; run `billow init` first")
    if wanted:
        raise Refused("not_found", f"{wanted!r} names {len(found)} management accounts; there are {names}")
    raise Refused("ambiguous", f"There are several management accounts; add --management-account with one of {names}")
