"""A cost series written as SQL for DuckDB. All names and values are quoted here; no text of a person is code."""

from collections.abc import Sequence, Set
from datetime import date

from billow.coststore.charges import quoted_name, quoted_text
from billow.coststore.condition import AllOf, AnyOf, Condition, CostField, FieldTest, Match, TagTest, TextTest
from billow.coststore.query import ChargeScope
from billow.coststore.series import MOST_GROUPS, DateBin, GroupBy, Kind, ProviderPartition, SeriesQuery
from billow.terms.period import BillingPeriod

_TAGS = 'TRY_CAST(TRY_CAST("Tags" AS JSON) AS MAP(VARCHAR, VARCHAR))'
_PLAIN = {
    CostField.BILLING_ACCOUNT_ID: "BillingAccountId",
    CostField.ACCOUNT_ID: "SubAccountId",
    CostField.ACCOUNT_NAME: "SubAccountName",
    CostField.SERVICE: "ServiceName",
    CostField.REGION: "RegionId",
    CostField.RESOURCE_ID: "ResourceId",
    CostField.COST_CATEGORY: "ServiceCategory",
    CostField.COST_SUBCATEGORY: "ServiceSubcategory",
    CostField.USAGE_UNIT: "ConsumedUnit",
}
_RAW_CHARGE_TYPES = ("x_ChargeType", "x_CostType", "lineItem/LineItemType")


def compile_series(*, query: SeriesQuery, sources: Sequence["SeriesSource"]) -> str:
    """Return the SQL whose answer is described at SeriesQuery and SERIES_COLUMNS; one group too many tells of more."""
    groups = [f"group_{number}" for number in range(len(query.group_by))]
    parts = " UNION ALL ".join(_summed(query, source) for source in sources)
    order = ", ".join(f"{name} NULLS FIRST" for name in ("bin", *groups, "currency", "usage_unit"))
    keys = ", ".join(("bin", *groups, "currency", "usage_unit"))
    sums = (
        "CAST(SUM(cost) AS DECIMAL(38,18)) AS cost, CAST(SUM(usage_amount) AS DECIMAL(38,18)) AS usage_amount, "
        "CAST(SUM(charges) AS BIGINT) AS charges"
    )
    return f"SELECT {keys}, {sums} FROM ({parts}) GROUP BY {keys} ORDER BY {order} LIMIT {MOST_GROUPS + 1}"


class SeriesSource:
    """One partition's files, and how each field of a charge is read from their columns."""

    def __init__(self, *, provided: ProviderPartition, columns: Set[str]) -> None:
        self.partition = provided.partition
        self.provider = provided.provider
        self.columns = columns

    @property
    def table(self) -> str:
        """The files as a table."""
        files = ", ".join(quoted_text(str(file)) for file in self.partition.files)
        return f"read_parquet([{files}], hive_partitioning = false)"

    def field(self, field: CostField) -> str:
        """Write the field as a text that is null where the charge does not say."""
        if field is CostField.PROVIDER:
            return quoted_text(self.provider)
        if field is CostField.TAGGED:
            return f"CASE WHEN cardinality({_TAGS}) > 0 THEN 'true' ELSE 'false' END"
        if field is CostField.MARKETPLACE:
            return self._marketplace()
        if field is CostField.CHARGE_TYPE:
            told = [name for name in _RAW_CHARGE_TYPES if name in self.columns]
            return f"COALESCE({', '.join(map(quoted_name, [*told, 'ChargeCategory']))})"
        return quoted_name(_PLAIN[field])

    def group(self, group: GroupBy) -> str:
        """Write what a group is told apart by."""
        if group.field is None:
            return f"map_extract_value({_TAGS}, {quoted_text(group.tag)})"
        return self.field(group.field)

    def first_instant(self) -> str:
        """Write when the charge counts: when it begins, inside the billing period."""
        period = self.partition.billing_period
        start, last = f"TIMESTAMP '{period.start} 00:00:00'", f"TIMESTAMP '{period.last_day} 23:00:00'"
        return f'greatest({start}, least({last}, COALESCE("ChargePeriodStart", {start})))'

    def where(self, query: SeriesQuery) -> str:
        """Write which of the charges are asked for, without regard to their day."""
        parts = [self._condition(query.where)] if query.where is not None else []
        parts += [f"NOT COALESCE({self._kind(kind)}, FALSE)" for kind in sorted(query.without)]
        if query.only is not None:
            parts.append(self._in_scopes(query.only))
        return " AND ".join(f"({part})" for part in parts) or "TRUE"

    def days(self, query: SeriesQuery) -> str:
        """Write which days are asked for; ``TRUE`` where that is the whole billing period."""
        period = self.partition.billing_period
        if query.first_day <= period.start and query.last_day >= period.last_day:
            return "TRUE"
        day = f"CAST({self.first_instant()} AS DATE)"
        return f"{day} BETWEEN {_day(query.first_day)} AND {_day(query.last_day)}"

    def _marketplace(self) -> str:
        if "bill/BillingEntity" not in self.columns:
            return "'false'"
        return "CASE WHEN \"bill/BillingEntity\" = 'AWS Marketplace' THEN 'true' ELSE 'false' END"

    def _kind(self, kind: Kind) -> str:
        charge_type = f"lower({self.field(CostField.CHARGE_TYPE)})"
        if kind is Kind.TAX:
            return f"\"ChargeCategory\" = 'Tax' OR {charge_type} = 'tax'"
        if kind is Kind.CREDIT:
            return f"\"ChargeCategory\" = 'Credit' OR {charge_type} = 'credit'"
        if kind is Kind.REFUND:
            return f"{charge_type} = 'refund'"
        return f"\"ChargeCategory\" NOT IN ('Usage', 'Purchase') AND contains({charge_type}, 'discount')"

    def _in_scopes(self, scopes: Sequence[ChargeScope]) -> str:
        """Write which charges lie in any of the scopes."""
        own = [scope for scope in scopes if scope.integration_token == self.partition.integration_token]
        if any(scope.billing_account_id is None for scope in own):
            return "TRUE"
        tests = [
            f'"BillingAccountId" = {quoted_text(scope.billing_account_id or "")}'
            + ("" if scope.sub_account_id is None else f' AND "SubAccountId" = {quoted_text(scope.sub_account_id)}')
            for scope in own
        ]
        return " OR ".join(f"({test})" for test in tests) or "FALSE"

    def _condition(self, condition: Condition) -> str:
        match condition:
            case AllOf():
                return "(" + " AND ".join(map(self._condition, condition.parts)) + ")"
            case AnyOf():
                return "(" + " OR ".join(map(self._condition, condition.parts)) + ")"
            case TagTest():
                return _tag_sql(condition)
            case FieldTest():
                return self._field_sql(condition)

    def _field_sql(self, condition: FieldTest) -> str:
        if condition.field is not CostField.PROVIDER:
            return _test_sql(condition.test, self.field(condition.field))
        names = {self.provider, f"{self.provider}:{self.partition.integration_token}"}
        return "TRUE" if names & set(condition.test.values) else "FALSE"


def bin_sql(date_bin: DateBin, *, instant: str) -> str:
    """Write the first instant of the bin that holds the instant."""
    return f"date_trunc({quoted_text(date_bin.value)}, CAST({instant} AS TIMESTAMP))"


def overlapping(*, sources: Sequence[ProviderPartition], first_day: date, last_day: date) -> list[ProviderPartition]:
    """Return those whose billing period has one of the days."""

    def touches(period: BillingPeriod) -> bool:
        return period.start <= last_day and period.last_day >= first_day

    return [source for source in sources if touches(source.partition.billing_period)]


def _summed(query: SeriesQuery, source: SeriesSource) -> str:
    groups = [f"{source.group(group)} AS group_{number}" for number, group in enumerate(query.group_by)]
    columns = [
        f"{bin_sql(query.date_bin, instant=source.first_instant())} AS bin",
        *groups,
        '"BillingCurrency" AS currency',
        '"ConsumedUnit" AS usage_unit',
        f"CAST({cost_sql(amortized=query.amortized)} AS DECIMAL(38,18)) AS cost",
        'CAST(SUM("ConsumedQuantity") AS DECIMAL(38,18)) AS usage_amount',
        "COUNT(*) AS charges",
    ]
    where = f"{source.where(query)} AND {source.days(query)}"
    return f"(SELECT {', '.join(columns)} FROM {source.table} WHERE {where} GROUP BY ALL)"


def cost_sql(*, amortized: bool) -> str:
    """Write the sum of the cost; a charge without an effective cost counts with what was billed."""
    if not amortized:
        return 'SUM("BilledCost")'
    without = 'SUM("BilledCost") FILTER (WHERE "EffectiveCost" IS NULL)'
    return f'COALESCE(CAST(SUM("EffectiveCost") AS DECIMAL(38,18)), 0) + COALESCE(CAST({without} AS DECIMAL(38,18)), 0)'


def _tag_sql(test: TagTest) -> str:
    """Look through the charge's tags; a charge without tags has none that passes."""
    if test.name.negated:
        plain = TextTest(match=test.name.match, values=test.name.values)
        return f"NOT ({_tag_sql(TagTest(plain))})"
    tests = [_test_sql(test.name, "tag.key"), *(_test_sql(each, "tag.value") for each in test.values)]
    return f"COALESCE(len(list_filter(map_entries({_TAGS}), lambda tag: {' AND '.join(tests)})), 0) > 0"


def _test_sql(test: TextTest, text: str) -> str:
    if test.match is Match.EQUALS:
        found = f"{text} IN ({', '.join(map(quoted_text, test.values))})"
    elif test.match is Match.LIKE:
        found = " OR ".join(f"{text} LIKE {quoted_text(value)}" for value in test.values)
    else:
        found = " OR ".join(f"contains(lower({text}), lower({quoted_text(value)}))" for value in test.values)
    return f"{'NOT ' if test.negated else ''}COALESCE({found}, FALSE)"


def _day(day: date) -> str:
    return f"DATE '{day}'"
