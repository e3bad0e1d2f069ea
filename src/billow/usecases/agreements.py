"""What is agreed with managed accounts, as the values that rating works with."""

from collections.abc import Iterable

from django.db.models import Q

from billow.allocation.delegation import Delegation
from billow.rating.rated_costs import Agreement
from billow.records.accounts.models import ManagementAccount
from billow.records.billing import models as billing
from billow.terms.period import BillingPeriod


def agreement_of(account: billing.ManagedAccount) -> Agreement:
    """Return the account's currency and its rules in execution order."""
    assignments = account.rule_assignments.select_related("billing_rule").order_by("position")
    return Agreement(
        account_token=account.token,
        currency=account.currency,
        rules=tuple(assignment.billing_rule.as_rule() for assignment in assignments),
    )


def agreements_of(accounts: Iterable[billing.ManagedAccount]) -> tuple[Agreement, ...]:
    """Return the agreement of each account in the order given, in one query for all the rules."""
    accounts = tuple(accounts)
    assignments = (
        billing.BillingRuleAssignment.objects.filter(managed_account__in=[account.pk for account in accounts])
        .select_related("billing_rule")
        .order_by("managed_account", "position")
    )
    rules: dict[int, list[billing.BillingRule]] = {account.pk: [] for account in accounts}
    for assignment in assignments:
        rules[assignment.managed_account_id].append(assignment.billing_rule)
    return tuple(
        Agreement(
            account_token=account.token,
            currency=account.currency,
            rules=tuple(rule.as_rule() for rule in rules[account.pk]),
        )
        for account in accounts
    )


def delegations_of(
    management_account: ManagementAccount, period: BillingPeriod | None = None
) -> tuple[Delegation, ...]:
    """Return the management account's delegations in a stable order: all, or those that touch the period.

    What a customer connected himself counts only where his account says that it does. To rate a month, pass them
    through ``delegations_as_billed``.
    """
    rows = billing.Delegation.objects.visible_to(management_account).filter(
        Q(connected_by_customer=False) | Q(managed_account__include_managed_account_integrations=True),
        managed_account__deleted_at__isnull=True,
    )
    if period is not None:
        rows = rows.filter(
            Q(start_date__isnull=True) | Q(start_date__lt=period.end),
            Q(end_date__isnull=True) | Q(end_date__gte=period.start),
        )
    return tuple(as_delegation(row) for row in rows.select_related("integration", "managed_account").order_by("pk"))


def as_delegation(row: billing.Delegation) -> Delegation:
    """Return the row as the value that allocation works with."""
    return Delegation(
        integration_token=row.integration.token,
        account_token=row.managed_account.token,
        billing_account_id=row.billing_account_id or None,
        sub_account_id=row.sub_account_id or None,
        start_date=row.start_date,
        end_date=row.end_date,
    )
