"""What a managed account is given by tokens: its profile, rules and whole integrations."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from billow.records.billing.models import BillingProfile, BillingRule
from billow.records.costs.models import Integration
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRecords:
    """The records that tokens named; None where no list was given. ``fields`` go among the account's other fields."""

    rules: Sequence[BillingRule] | None = None
    integrations: Sequence[Integration] | None = None
    fields: dict[str, object] = field(default_factory=dict)


def named_by_tokens(*, actor: Actor, profile: object, rules: object, integrations: object) -> NamedRecords:
    """Return the records; raise Refused for an unknown profile or rule. Unknown integrations are left out.

    An empty profile token takes the profile away; each token counts at its first place.
    """
    actor.must_write_rules()
    findings = Findings()
    found = NamedRecords(
        rules=_rules(actor, findings, rules),
        integrations=_integrations(actor, findings, integrations),
        fields={} if profile is None else {"billing_profile": _profile(actor, findings, profile)},
    )
    findings.refuse_if_any()
    return found


def _profile(actor: Actor, findings: Findings, token: object) -> BillingProfile | None:
    if token == "":
        return None
    found = BillingProfile.objects.visible_to(actor).filter(token=token).first() if isinstance(token, str) else None
    if found is None:
        message = f"Msp billing profile token: there is no billing profile {token!r}"
        findings.error("unknown_profile", "msp_billing_profile_token", message, token)
    return found


def _rules(actor: Actor, findings: Findings, tokens: object) -> list[BillingRule] | None:
    wanted = _tokens(findings, tokens, "billing_rule_tokens")
    if wanted is None:
        return None
    found = {rule.token: rule for rule in BillingRule.objects.visible_to(actor).filter(token__in=wanted)}
    for token in wanted:
        if token not in found:
            message = f"Billing rule tokens: there is no billing rule {token!r}"
            findings.error("unknown_rule", "billing_rule_tokens", message, token)
    return [found[token] for token in wanted if token in found]


def _integrations(actor: Actor, findings: Findings, tokens: object) -> list[Integration] | None:
    wanted = _tokens(findings, tokens, "access_credential_tokens")
    if wanted is None:
        return None
    rows = Integration.objects.filter(management_account=actor.management_account, token__in=wanted)
    found = {integration.token: integration for integration in rows}
    return [found[token] for token in wanted if token in found]


def _tokens(findings: Findings, value: object, column: str) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        findings.error("not_a_list", column, f"{column} must be a list of tokens")
        return None
    return list(dict.fromkeys(value))
