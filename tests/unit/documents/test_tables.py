"""The summary on page 1, before it is printed."""

from billow.documents.charges import charges_by_provider
from billow.documents.figures import figures_for
from billow.documents.tables import summary_table
from tests.unit.documents.samples import line

WORDS = {"more_services": "{count} more services", "own_charges": "Services and credits"}


def test_a_bar_compares_single_services_and_never_several_in_one() -> None:
    amounts = {"EC2": 10_000, "RDS": 5_000, "S3": 4_000, "SQS": 3_000, "SNS": 3_500, "Credits": -200}
    providers = charges_by_provider(lines=[line(service, amount) for service, amount in amounts.items()])
    (provider,) = summary_table(
        providers=providers, figures=figures_for(locale="en", currency="EUR"), words=WORDS, room=3 + 2 * 3
    )
    assert provider["services"] == [["EC2", "100.00", 100], ["RDS", "50.00", 50], ["4 more services", "103.00", None]]
