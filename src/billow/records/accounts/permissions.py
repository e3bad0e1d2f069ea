"""Who may do what: the one table of roles and permissions."""

from collections.abc import Mapping
from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner"
    INTEGRATION_OWNER = "integration_owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """Something that not everybody may do; what is not named here, everybody may who sees the record."""

    SEE_MANAGEMENT = "see_management"
    """See what belongs to the MSP alone: accounts, profiles, rules, rates, integrations, provider cost, margin."""
    WRITE_INVOICES = "write_invoices"
    """Generate, approve, send and cancel invoices; change profiles and exchange rates."""
    WRITE_RULES = "write_rules"
    """Change billing rules, managed accounts and integrations."""
    WRITE_REPORTS = "write_reports"
    """Create and change cost reports, folders and the like."""
    ADMINISTER = "administer"
    """See users and the audit log; change users, teams, tokens and who may see which managed account."""


_OWNERS = frozenset({Role.OWNER})
_RULE_WRITERS = _OWNERS | {Role.INTEGRATION_OWNER}
_REPORT_WRITERS = _RULE_WRITERS | {Role.EDITOR}

ROLES: Mapping[Permission, frozenset[Role]] = {
    Permission.SEE_MANAGEMENT: frozenset(Role),
    Permission.WRITE_INVOICES: _OWNERS,
    Permission.WRITE_RULES: _RULE_WRITERS,
    Permission.WRITE_REPORTS: _REPORT_WRITERS,
    Permission.ADMINISTER: _OWNERS,
}
"""The roles of people of the MSP that have each permission."""

CUSTOMER_ROLES: Mapping[Permission, frozenset[Role]] = {Permission.WRITE_REPORTS: _REPORT_WRITERS}
"""The same for people of a managed account, inside it; what is missing here they never may."""

REFUSALS: Mapping[Permission, str] = {
    Permission.SEE_MANAGEMENT: "You do not have permission to access this resource.",
    Permission.WRITE_INVOICES: "Only an owner may write invoices and invoicing settings.",
    Permission.WRITE_RULES: "Only an owner or an integration owner may change this.",
    Permission.WRITE_REPORTS: "A viewer may not change this.",
    Permission.ADMINISTER: "Only an owner may see or change this.",
}
