"""The slow, obvious way to rate a month: one charge, one rule at a time, as docs/rules.md says.

Shares no code with the stages it is compared with, except the rules and what their SQL says, as values. Every rule
rounds to 18 decimals, halves away from zero. Charges of one line that all rules treat alike are added up first,
unless some rule decides by an amount.
"""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from billow.allocation.delegation import Delegation
from billow.billingrules.price_list import PriceList
from billow.billingrules.rule import BillingRule, CustomRule, RetierRule, SupportFeeRule
from billow.billingrules.statement import InsertSum
from billow.rating.rated_costs import Agreement, RatedCosts
from tests.engines.interpreter_charges import (
    ACCOUNT,
    NAMES,
    PLAN_ARN,
    SHOWN_AS,
    TYPE,
    UNBLENDED,
    USAGE_TYPE,
    Charge,
    charge_of,
)
from tests.engines.interpreter_rules import (
    Deed,
    Line,
    Statements,
    decides_by_sums,
    deed_of,
    fixed_line,
    group_of,
    holds_on,
    is_charge_by_charge,
    is_spend,
    line_of,
    looked_at,
    may_retype,
    sums_of,
    support_fee,
    tier_price,
    tiered,
)
from tests.engines.interpreter_values import COUNT, Fails, Form, NotSaid, form_of, holds, kept, number_of, rounded

Key = tuple[str, ...]
Costs = dict[Key, tuple[Decimal, Decimal, dict[str, Decimal]]]
ZERO = Decimal(0)


class RuleFails(Exception):
    """A customer's rule cannot be carried out."""

    def __init__(self, rule: BillingRule) -> None:
        super().__init__(rule.token)
        self.rule = rule


@dataclass
class Month:
    """What a month came to: costs by account, the rule that failed by account, and what nobody owns."""

    costs: dict[str, Costs]
    failed: dict[str, BillingRule]
    unowned: Decimal


def interpret(
    charges: Sequence[dict[str, Any]],
    *,
    integration_token: str,
    year: int,
    month: int,
    agreements: Sequence[Agreement],
    delegations: Sequence[Delegation],
    statements: Statements | None = None,
    basis: str = "billed_cost",
    prices: PriceList | None = None,
) -> Month:
    """Rate the month."""
    first, last = date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    column = "".join(word.capitalize() for word in basis.split("_"))
    owned: dict[str, list[Charge]] = {agreement.account_token: [] for agreement in agreements}
    unowned = ZERO
    for row in charges:
        day = min(max(row["ChargePeriodStart"].date(), first), last)
        owner = _owner(row, day, integration_token, delegations)
        if owner is None:
            unowned += row.get(column) or ZERO
        elif owner in owned:
            owned[owner].append(charge_of(row, cost_column=column, day=day))
    costs: dict[str, Costs] = {}
    failed: dict[str, BillingRule] = {}
    for agreement in agreements:
        customer = Customer(agreement, statements or {}, basis, first, last, prices)
        try:
            costs[agreement.account_token] = customer.rate(owned[agreement.account_token])
        except RuleFails as failure:
            failed[agreement.account_token] = failure.rule
    return Month(costs, failed, unowned)


def _owner(row: dict[str, Any], day: date, integration: str, delegations: Sequence[Delegation]) -> str | None:
    best: tuple[int, str] | None = None
    for given in delegations:
        wide = (given.billing_account_id is None) + (given.sub_account_id is None)
        fits = (
            given.integration_token == integration
            and given.billing_account_id in (None, row["BillingAccountId"])
            and given.sub_account_id in (None, row["SubAccountId"])
            and (given.start_date is None or given.start_date <= day)
            and (given.end_date is None or day <= given.end_date)
        )
        if fits and (best is None or wide < best[0]):
            best = (wide, given.account_token)
    return None if best is None else best[1]


@dataclass
class Bundle:
    """Charges of one line that are treated alike, added up; or one charge, where rules run charge by charge."""

    charge: Charge
    numbers: dict[str, Decimal]
    provider_cost: Decimal
    place: Key = ()
    trace: list[Any] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    deltas: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def set_cost(self, rule: BillingRule, cost: Decimal) -> None:
        self.deltas[rule.token] += cost - self.numbers["amount"]
        self.numbers["amount"] = cost


@dataclass
class Customer:
    """One customer's month under its rules."""

    agreement: Agreement
    statements: Statements
    basis: str
    first: date
    last: date
    prices: PriceList | None

    def __post_init__(self) -> None:
        self.rules = [
            rule
            for rule in self.agreement.rules
            if (rule.start_date or self.first) <= self.last and (rule.end_date or self.last) >= self.first
        ]
        self.live = looked_at(self.rules, self.statements, self.basis)
        self.retypes = may_retype(self.rules, self.statements)
        self.one_by_one = is_charge_by_charge(self.rules, self.statements, self.live)

    def rate(self, charges: list[Charge]) -> Costs:
        """Run the groups of rules one after the other, and book every bundle on its line."""
        bundles = [self._bundle(charge) for charge in charges]
        if not self.one_by_one:
            for bundle in bundles:
                self._trace(bundle)
            bundles = self._added_up(bundles)
        for place, rule in enumerate(self.rules):
            if self._group(rule) == 1:
                self._run(rule, place, bundles)
        self._drop_negations(bundles)
        for bundle in bundles if self.one_by_one else ():
            bundle.charge.become_cost()
        for rule in self.rules:
            with_line = self._failing(rule, lambda rule=rule: fixed_line(rule, self.statements, self.first, self.last))
            if with_line is not None:
                bundles.append(self._inserted(with_line))
        for place, rule in enumerate(self.rules):
            if self._group(rule) == 3:
                self._run(rule, place, bundles)
        added = [line for place, rule in enumerate(self.rules) for line in self._sums(rule, place, bundles)]
        bundles += [self._inserted(line) for line in added]
        return self._booked(bundles)

    def _group(self, rule: BillingRule) -> int:
        return group_of(rule, self.statements)

    def _failing(self, rule: BillingRule, work: Any) -> Any:
        try:
            return work()
        except Fails as fails:
            raise RuleFails(rule) from fails

    def _bundle(self, charge: Charge) -> Bundle:
        numbers = charge.numbers
        if not self.one_by_one:
            charge.numbers = dict(numbers)
        place = tuple(charge.text(name) for name in _NEGATION)
        return Bundle(charge, numbers, numbers["amount"], place, before=charge.costs_texts())

    def _trace(self, bundle: Bundle) -> None:
        """Find out what every rule does to the charge, without its amounts, which are only followed to see zeros."""
        charge = bundle.charge
        for number in (1, 3):
            for rule in self.rules:
                if self._group(rule) == number:
                    bundle.trace.append((rule.token, self._traced(rule, charge)))
            if number == 1:
                charge.become_cost()
        for rule in self.rules:
            if self._group(rule) == 4:
                bundle.trace.append((rule.token, self._failing(rule, lambda rule=rule: self._chosen(rule, charge))))

    def _added_up(self, bundles: list[Bundle]) -> list[Bundle]:
        """Add up the charges of each line that are treated alike; negations also go by the usage they take back."""
        groups: dict[Any, Bundle] = {}
        for bundle in bundles:
            charge = bundle.charge
            by_usage = self.basis == "billed_cost" and (
                charge.is_freed
                or (charge.imported_type == "SavingsPlanNegation" and self.retypes and not charge.is_deleted)
            )
            alike = (charge.key, charge.line(bundle.before), tuple(bundle.trace), bundle.place if by_usage else ())
            group = groups.setdefault(alike, bundle)
            if group is not bundle:
                group.provider_cost += bundle.provider_cost
                for name in {*group.numbers, *bundle.numbers}:
                    group.numbers[name] = (group.numbers.get(name) or ZERO) + (bundle.numbers.get(name) or ZERO)
        return list(groups.values())

    def _traced(self, rule: BillingRule, charge: Charge) -> Any:
        if isinstance(rule, RetierRule):
            return None if self.prices is None else tier_price(rule, charge, self.prices)
        return self._failing(rule, lambda: self._step(rule, charge, charge.numbers, kept_as=rounded))

    def _run(self, rule: BillingRule, place: int, bundles: list[Bundle]) -> None:
        if isinstance(rule, RetierRule):
            self._retier(rule, bundles)
            return
        for bundle in bundles:
            before = bundle.numbers["amount"]
            if self.one_by_one or bundle.charge.inserted_by:
                self._failing(rule, lambda b=bundle: self._step(rule, b.charge, b.numbers, kept_as=kept))
            else:
                done = dict(bundle.trace)[rule.token]
                self._failing(rule, lambda b=bundle, done=done: _carry_out(done, b.numbers, kept_as=kept))
            bundle.deltas[rule.token] += bundle.numbers["amount"] - before

    def _step(self, rule: BillingRule, charge: Charge, numbers: dict[str, Decimal], *, kept_as: Any) -> Any:
        """Let a rule work on one charge; give what it did to amounts and whether a text became another."""
        deed = deed_of(rule, charge, self.statements, self.live)
        if deed is None:
            return None
        done = self._done(deed, rule, charge)
        _carry_out(done, numbers, kept_as=kept_as)
        if deed.on_aws and not deed.deletes and charge.is_converted:
            # A line that is nothing although its type says usage costs its public price: that is seen per line.
            main, if_nothing = charge.conversion(self.basis)
            conversion = if_nothing if if_nothing and not numbers.get(UNBLENDED) else main
            done = (*done[:2], _frozen(conversion))
            numbers["amount"] = kept_as(_of(conversion, numbers))
        return done

    def _done(self, deed: Deed, rule: BillingRule, charge: Charge) -> Any:
        if deed.deletes:
            charge.is_deleted = True
            return ((("amount", ()),), False, None)
        changes_text = any(charge.text(name) != text for name, text in deed.texts)
        charge.texts.update(deed.texts)
        if deed.on_aws:
            charge.changed |= {name for name, _ in deed.texts}
            charge.got_a_cost |= any(name == UNBLENDED and set(form) != {UNBLENDED} for name, form in deed.numbers)
            is_retyped = charge.text(TYPE) != charge.imported_type
            if is_retyped and charge.retyped_by is None:
                charge.retyped_by = rule.token
            if self.basis in {"billed_cost", "effective_cost"}:
                names = {name for form in charge.conversion(self.basis) for name in form}
                charge.is_converted |= is_retyped or bool(names & {name for name, _ in deed.numbers})
        stays = not deed.numbers if deed.on_aws else all(form == {name: 1} for name, form in deed.numbers)
        if stays and not changes_text and not (deed.on_aws and charge.is_converted):
            return None
        return (tuple((name, _frozen(form)) for name, form in deed.numbers), changes_text, None)

    def _retier(self, rule: RetierRule, bundles: list[Bundle]) -> None:
        assert self.prices is not None
        members: dict[int, list[Bundle]] = defaultdict(list)
        for bundle in bundles:
            traced = None if self.one_by_one else dict(bundle.trace)[rule.token]
            price = tier_price(rule, bundle.charge, self.prices) if self.one_by_one else traced
            if price is not None:
                members[price].append(bundle)
        for place, priced in members.items():
            quantities = [bundle.numbers.get("lineItem/UsageAmount", ZERO) for bundle in priced]
            whole = sum(quantities, ZERO)
            cost = rounded(tiered(self.prices.prices[place], whole, rule.include_free_tier))
            shares = [
                (cost * each / whole if whole else ZERO).quantize(Decimal("1e-18"), ROUND_DOWN) for each in quantities
            ]
            if whole:
                shares[quantities.index(max(quantities))] += cost - sum(shares, ZERO)
            for bundle, share in zip(priced, shares, strict=True):
                bundle.numbers[UNBLENDED] = share
                if self.basis in {"billed_cost", "effective_cost"}:
                    bundle.set_cost(rule, share)

    def _drop_negations(self, bundles: list[Bundle]) -> None:
        """Take away negations of covered usage that is now plain usage: of the same usage first, then of the plan."""
        if self.basis != "billed_cost":
            return
        freed: dict[Key, Decimal] = defaultdict(Decimal)
        by_rule: dict[str, set[str]] = defaultdict(set)
        negations: list[tuple[Bundle, Key]] = []
        for bundle in bundles:
            charge = bundle.charge
            place = bundle.place
            if charge.is_deleted:
                continue
            if charge.is_freed:
                freed[place] += bundle.provider_cost
                by_rule[place[0]].add(charge.retyped_by or "")
            if charge.imported_type == "SavingsPlanNegation":
                negations.append((bundle, place))
        for level in (3, 1):
            pools: dict[Key, Decimal] = defaultdict(Decimal)
            for place, left in freed.items():
                pools[place[:level]] += left
            for pool, freed_cost in pools.items():
                left = freed_cost
                of_pool = [
                    bundle for bundle, place in negations if place[:level] == pool and bundle.numbers["amount"] < 0
                ]
                whole = -sum((bundle.numbers["amount"] for bundle in of_pool), ZERO)
                if left <= 0 or not of_pool:
                    continue
                if (left < whole and len(of_pool) > 1) or len(by_rule[pool[0]]) > 1:
                    raise NotSaid
                token = next(iter(by_rule[pool[0]]))
                rule = next(rule for rule in self.rules if rule.token == token)
                for bundle in of_pool:
                    taken = min(left, -bundle.numbers["amount"])
                    left -= taken
                    bundle.set_cost(rule, bundle.numbers["amount"] + taken)
                if level == 3:
                    freed[pool] = left

    def _inserted(self, line: Line) -> Bundle:
        currency = line.currency or self.agreement.currency
        texts = {**line.texts, "currency": currency, "accrued_at": line.day.isoformat()}
        kind = texts.get("cost_type", "")
        category = SHOWN_AS.get(kind, "Adjustment" if line.amount < 0 else "Purchase")
        provider = texts.get("provider", "")
        key = (
            NAMES.get(provider, provider),
            *(
                texts.get(name, "")
                for name in ["service", "cost_category", "billing_account_id", "account_id", "region"]
            ),
            category,
            currency,
        )
        numbers = {"amount": line.amount, "usage_amount": ZERO, COUNT: Decimal(1)}
        charge = Charge(line.day, texts, numbers, frozenset(), key, currency, inserted_by=line.rule.token)
        bundle = Bundle(charge, numbers, ZERO, before=dict(texts))
        bundle.deltas[line.rule.token] += line.amount
        return bundle

    def _chosen(self, rule: BillingRule, charge: Charge) -> Any:
        """Give what a rule of group 4 adds up of a charge, None if it does not choose it."""
        if charge.is_deleted or not holds_on(rule, charge.day):
            return None
        if isinstance(rule, SupportFeeRule):
            return (_frozen({"amount": Fraction(1)}),) if is_spend(rule, charge) else None
        assert isinstance(rule, CustomRule)
        statement = self.statements[rule.token]
        assert isinstance(statement, InsertSum)
        seen = charge.seen()
        if statement.where is not None and not holds(statement.where, seen):
            return None
        if self.one_by_one:
            return tuple(_frozen({COUNT: number_of(each.operand, seen) or Fraction(0)}) for each in sums_of(statement))
        return tuple(_frozen(form_of(each.operand, seen)) for each in sums_of(statement))

    def _sums(self, rule: BillingRule, place: int, bundles: list[Bundle]) -> list[Line]:
        if self._group(rule) != 4:
            return []
        totals: dict[str, dict[str, list[Fraction]]] = {}
        for bundle in bundles:
            if self.one_by_one or bundle.charge.inserted_by:
                forms = self._failing(rule, lambda b=bundle: self._chosen(rule, b.charge))
            else:
                forms = dict(bundle.trace)[rule.token]
            if forms is not None:
                by_account = totals.setdefault(bundle.charge.currency, {})
                account = bundle.before.get("account_id", "") if getattr(rule, "per_account", False) else ""
                known = by_account.setdefault(account, [Fraction(0)] * len(forms))
                for number, form in enumerate(forms):
                    known[number] += _of(form, bundle.numbers)
        lines: list[Line] = self._failing(rule, lambda: self._lines_of_sums(rule, totals))
        return lines

    def _lines_of_sums(self, rule: BillingRule, totals: dict[str, dict[str, list[Fraction]]]) -> list[Line]:
        day = min(rule.end_date or self.last, self.last)
        if isinstance(rule, SupportFeeRule):
            if len(totals) > 1:
                raise Fails("several currencies")
            spends = next(iter(totals.items()), ("", {} if rule.per_account else {"": [Fraction(0)]}))
            lines = []
            for account, (spend,) in sorted(spends[1].items()):
                fee = rounded(support_fee(rule, max(spend, Fraction(0)), self.first, self.last, account=account))
                texts = {"provider": rule.provider or "", "service": rule.service, "cost_category": rule.category}
                texts |= {"cost_sub_category": rule.sub_category, "cost_type": "Fee", "account_id": account}
                lines += [Line(rule, fee, texts, day, spends[0])] if fee else []
            return lines
        statement = self.statements[rule.token]
        assert isinstance(statement, InsertSum)
        if len(totals) > 1 and any(decides_by_sums(value) for value in statement.values.values()):
            raise Fails("a decision over several currencies")
        sums = sums_of(statement)
        return [
            line_of(rule, statement, day, currency, dict(zip(sums, by_account[""], strict=True)))
            for currency, by_account in sorted(totals.items())
        ]

    def _booked(self, bundles: list[Bundle]) -> Costs:
        costs: Costs = {}
        for bundle in bundles:
            key = bundle.charge.line(bundle.before)
            provider, rated, deltas = costs.get(key, (ZERO, ZERO, defaultdict(Decimal)))
            for token, amount in bundle.deltas.items():
                deltas[token] += amount
            now = bundle.numbers["amount"]
            assert now == bundle.provider_cost + sum(bundle.deltas.values(), ZERO)
            costs[key] = (provider + bundle.provider_cost, rated + now, deltas)
        return {
            key: (provider, rated, {token: amount for token, amount in deltas.items() if amount})
            for key, (provider, rated, deltas) in costs.items()
        }


_NEGATION = (PLAN_ARN, ACCOUNT, USAGE_TYPE)


def _frozen(form: Form) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted(form.items()))


def _of(form: Any, numbers: dict[str, Decimal]) -> Fraction:
    return sum(
        (Fraction(factor) * Fraction(numbers.get(name) or 0) for name, factor in dict(form).items()), Fraction(0)
    )


def _carry_out(done: Any, numbers: dict[str, Decimal], *, kept_as: Any) -> None:
    """Change amounts as a rule does; all new values are made of the old ones."""
    if done is not None:
        new, _, conversion = done
        numbers.update({name: kept_as(_of(form, numbers)) for name, form in new})
        if conversion is not None:
            numbers["amount"] = kept_as(_of(conversion, numbers))


def lines_of(rated: RatedCosts) -> Costs:
    """Add up lines that show the same, and check that nothing is lost between the rules."""
    costs: Costs = {}
    for line in rated.lines:
        assert line.rated_cost == line.provider_cost + sum((each.amount for each in line.deltas), ZERO)
        key = tuple(
            text or ""
            for text in (
                line.provider,
                line.service,
                line.service_category,
                line.billing_account_id,
                line.sub_account_id,
                line.region,
                line.charge_category,
                line.currency,
                line.inserted_by,
            )
        )
        provider, now, deltas = costs.get(key, (ZERO, ZERO, defaultdict(Decimal)))
        for delta in line.deltas:
            deltas[delta.rule_token] += delta.amount
        costs[key] = (provider + line.provider_cost, now + line.rated_cost, deltas)
    return {
        key: (provider, now, {token: amount for token, amount in deltas.items() if amount})
        for key, (provider, now, deltas) in costs.items()
    }
