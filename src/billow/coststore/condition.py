"""Which charges a question is about: a small tree of tests, free of any engine's language."""

from dataclasses import dataclass
from enum import StrEnum


class CostField(StrEnum):
    """What a charge can be found and grouped by, under the names of the interfaces."""

    PROVIDER = "provider"
    BILLING_ACCOUNT_ID = "billing_account_id"
    ACCOUNT_ID = "account_id"
    ACCOUNT_NAME = "account_name"
    SERVICE = "service"
    REGION = "region"
    RESOURCE_ID = "resource_id"
    COST_CATEGORY = "cost_category"
    COST_SUBCATEGORY = "cost_subcategory"
    CHARGE_TYPE = "charge_type"
    USAGE_UNIT = "usage_unit"
    TAGGED = "tagged"
    MARKETPLACE = "marketplace"


class Match(StrEnum):
    """How a text is compared.

    ``LIKE`` knows ``%`` and ``_`` and minds the case; ``CONTAINS`` looks for the text anywhere, in any case.
    """

    EQUALS = "equals"
    LIKE = "like"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest:
    """True if the text matches any of the values; ``negated``: if it matches none. A missing text matches nothing."""

    match: Match
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A test of one field of the charge."""

    field: CostField
    test: TextTest


@dataclass(frozen=True, slots=True)
class TagTest:
    """True if the charge has a tag whose name passes, and whose value passes all the tests of ``values``.

    A negated name says that the charge has no such tag.
    """

    name: TextTest
    values: tuple[TextTest, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """True if every part is."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if at least one part is."""

    parts: "tuple[Condition, ...]"


Condition = FieldTest | TagTest | AllOf | AnyOf


def names_provider(condition: Condition) -> bool:
    """Tell whether no charge can pass without being of a named provider."""
    match condition:
        case FieldTest():
            return condition.field is CostField.PROVIDER and not condition.test.negated
        case AllOf():
            return any(names_provider(part) for part in condition.parts)
        case AnyOf():
            return all(names_provider(part) for part in condition.parts)
        case TagTest():
            return False
