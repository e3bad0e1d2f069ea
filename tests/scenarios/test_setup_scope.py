"""Charlie of another MSP holds our records in his hands, as a door's mistake might put them there: none gives way."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billow.records.audit.models import AuditEntry
from billow.terms.period import BillingPeriod
from billow.usecases.accounts import add_account, change_account, delete_account
from billow.usecases.integrations import delegate, undelegate
from billow.usecases.profiles import banking_data, change_profile, delete_profile, set_logo
from billow.usecases.refused import Refused
from billow.usecases.report_costs import report_costs
from billow.usecases.rule_assignments import assign_rules
from billow.usecases.rules import change_rule, delete_rule
from tests.factories.agreements import make_adjustment
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import make_managed_account, make_profile
from tests.people import make_people

pytestmark = pytest.mark.django_db

MARCH = BillingPeriod(2026, 3)
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def test_nobody_reads_or_changes_another_msps_records(tmp_path: Path) -> None:
    people = make_people()
    ours = {"management_account": people.msp}
    account, profile = make_managed_account(**ours), make_profile(**ours)
    rule, integration = make_adjustment(**ours, percentage="90"), make_integration(**ours)
    his_account = make_managed_account(management_account=people.other_msp, name="His")
    his_integration = make_integration(management_account=people.other_msp)
    by = {"actor": people.charlie.actor, "now": NOW}
    attempts: list[Callable[[], object]] = [
        lambda: change_account(**by, account=account, fields={"city": "Volos"}),
        lambda: change_account(**by, account=his_account, fields={}, rules=[rule]),
        lambda: add_account(**by, fields={"name": "B", "contact_email": "b@b.example"}, integrations=[integration]),
        lambda: delete_account(**by, account=account),
        lambda: assign_rules(**by, account=account, rules=[]),
        lambda: assign_rules(**by, account=his_account, rules=[rule]),
        lambda: change_rule(**by, rule=rule, fields={"percentage": "1"}),
        lambda: delete_rule(**by, rule=rule),
        lambda: delegate(**by, integration=integration, account=his_account),
        lambda: delegate(**by, integration=his_integration, account=account),
        lambda: undelegate(**by, integration=integration, account=his_account),
        lambda: change_profile(**by, profile=profile, fields={"nickname": "His"}),
        lambda: set_logo(**by, profile=profile, data=None),
        lambda: delete_profile(**by, profile=profile),
        lambda: banking_data(actor=people.charlie.actor, profile=profile),
        lambda: report_costs(actor=people.charlie.actor, period=MARCH, account=account),
        lambda: deliver(
            actor=people.charlie.actor,
            integration=integration,
            period=MARCH,
            charges=[Charge(sub_account="1", cost="1")],
            folder=tmp_path,
        ),
    ]
    allowed = []
    for number, attempt in enumerate(attempts):
        try:
            attempt()
        except Refused as refused:
            assert refused.code == "not_found", refused.message
        else:
            allowed.append(number)
    assert allowed == []
    assert not AuditEntry.objects.filter(user=people.charlie.user).exists()
