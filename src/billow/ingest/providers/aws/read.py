"""Bills as AWS writes them: the legacy Cost and Usage Report and CUR 2.0 of Data Exports."""

from collections.abc import Sequence
from dataclasses import dataclass

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.aws.columns import looks_like_report, looks_like_version_2, plan
from billow.ingest.providers.aws.translate import ReportTranslation
from billow.terms.issue import Issue


@dataclass(frozen=True, slots=True)
class AwsReport:
    """Cost and Usage Reports, under ``lineItem/UnblendedCost`` as under ``line_item_unblended_cost``."""

    name: str
    is_version_2: bool

    def recognises(self, *, names: Sequence[str]) -> bool:
        """Tell whether the names are a report's of this version."""
        return looks_like_report(names) and looks_like_version_2(names) == self.is_version_2

    def plan_columns(self, *, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
        """Say which delivered column becomes which stored one, and what is wrong with the names."""
        return plan(names=names, path=path)

    def translation(self, *, columns: Sequence[DeliveredColumn]) -> ReportTranslation:
        """Say how report lines become charges."""
        return ReportTranslation(source=tuple(columns))


CUR = AwsReport("cur", is_version_2=False)
CUR_2 = AwsReport("cur2", is_version_2=True)
