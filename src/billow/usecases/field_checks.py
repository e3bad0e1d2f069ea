"""Check what people type into a form, a file or a request, field by field."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from billow.terms.issue import Issue, Severity, has_errors
from billow.terms.money import UnknownCurrency, currency_of
from billow.terms.text import trimmed
from billow.usecases.refused import Refused

MOST_ADDRESSES = 50
MOST_CUSTOM_FIELDS = 25
MOST_WHOLE_DIGITS = 12
MOST_DECIMALS = 10

NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
"""Two-letter codes of the Unicode data that ISO 3166 does not assign to a country."""

_OUTER = " \t\r\n"

_DAY = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$")

BILLING_FIELDS = (
    "company_name",
    "country_code",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postal_code",
    "billing_email",
)
PARTY_FIELDS = (*BILLING_FIELDS, "custom_fields")


@dataclass(slots=True)
class Findings:
    """Everything that is wrong with one wish, so that nobody learns of it piece by piece.

    The ``read_…`` methods return the clean value and note what is wrong with it under the field's name. Texts that a
    program writes keep their outer spaces (``keeps_spaces``), as it compares them; they go when the text is used.
    """

    issues: list[Issue] = field(default_factory=list)
    row: int | None = None
    keeps_spaces: bool = False

    def error(self, code: str, column: str, message: str, value: object = None) -> None:
        """Note something that stops the work."""
        self._note(code, column, message, value, Severity.ERROR)

    def warn(self, code: str, column: str, message: str, value: object = None) -> None:
        """Note something a person should look at."""
        self._note(code, column, message, value, Severity.WARNING)

    def _note(self, code: str, column: str, message: str, value: object, severity: Severity) -> None:
        text = None if value is None else str(value)[:200]
        self.issues.append(Issue(code, message, severity=severity, row=self.row, column=column, value=text))

    @property
    def failed(self) -> bool:
        """Tell whether anything stops the work."""
        return has_errors(self.issues)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The findings that stop nothing."""
        return tuple(issue for issue in self.issues if not issue.is_error)

    def refuse_if_any(self) -> None:
        """Raise Refused with every error there is."""
        errors = [issue for issue in self.issues if issue.is_error]
        if errors:
            raise Refused("invalid", "; ".join(issue.message for issue in errors), errors)

    def read_known(self, fields: Mapping[str, object], *, known: Sequence[str]) -> None:
        """Note every field that does not exist."""
        for name in fields:
            if name not in known:
                self.error("unknown_field", name, f"There is no field {name!r}; fields are {', '.join(known)}")

    def read_text(self, value: object, *, column: str, most: int = 255, required: bool = False) -> str | None:
        """Return the text, or None where it is empty; without outer spaces unless those are kept."""
        if value is not None and not isinstance(value, str):
            self.error("not_text", column, f"{_label(column)} must be text", value)
            return None
        text = (value or "").strip()
        if not text:
            if required:
                self.error("blank", column, f"{_label(column)} can't be blank")
            return None
        length = len(value or "") if self.keeps_spaces else len(text)
        if length > most:
            self.error("too_long", column, f"{_label(column)} has {length} characters; at most {most} fit")
        # Python's idea of outer space includes control characters, which are not kept either.
        inner = (value or "").strip(_OUTER) if self.keeps_spaces else text
        if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in inner):
            self.error("control_character", column, f"{_label(column)} contains a control character; remove it")
        return value if self.keeps_spaces else text

    def read_choice(self, value: object, *, column: str, choices: Sequence[str]) -> str:
        """Return the choice, written in any case."""
        text = value.strip().lower() if isinstance(value, str) else ""
        if text not in choices:
            self.error("not_a_choice", column, f"{_label(column)} must be one of {', '.join(choices)}", value)
        return text

    def read_flag(self, value: object, *, column: str) -> bool:
        """Return a yes or no."""
        if isinstance(value, bool):
            return value
        text = value.strip().lower() if isinstance(value, str) else ""
        if text in {"true", "yes", "1", "on"}:
            return True
        if text not in {"false", "no", "0", "off"}:
            self.error("not_a_flag", column, f"{_label(column)} must be true or false", value)
        return False

    def read_whole_number(self, value: object, *, column: str, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
        if not least <= number <= most:
            self.error("not_in_range", column, f"{_label(column)} must be a whole number, {least} to {most}", value)
            return least
        return number

    def read_decimal(self, value: object, *, column: str, decimals: int = MOST_DECIMALS) -> Decimal | None:
        """Return an exact number, plain or in scientific notation; never from a float."""
        number = _decimal(value)
        if number is None:
            self.error("not_a_number", column, f"{_label(column)} must be a number such as 12.5", value)
            return None
        _, digits, exponent = number.normalize().as_tuple()
        assert isinstance(exponent, int)  # _decimal returns finite numbers only
        if len(digits) + exponent > MOST_WHOLE_DIGITS or -exponent > decimals:
            self.error(
                "too_many_digits",
                column,
                f"{_label(column)} may have {MOST_WHOLE_DIGITS} digits before and {decimals} after the point",
                value,
            )
            return None
        return number

    def read_date(self, value: object, *, column: str) -> date | None:
        """Return a day written as YYYY-MM-DD, with or without a time after it; None where empty."""
        if value is None or value == "":
            return None
        if isinstance(value, date):
            return value.date() if isinstance(value, datetime) else value
        day = _DAY.match(str(value).strip())
        try:
            return date.fromisoformat(day.group(1) if day else "")
        except ValueError:
            self.error("not_a_date", column, f"{_label(column)} must be a date such as 2026-03-31", value)
            return None

    def read_currency(self, value: object, *, column: str) -> str:
        """Return an ISO 4217 code in upper case."""
        text = value.strip().upper() if isinstance(value, str) else ""
        try:
            return currency_of(text).code
        except UnknownCurrency:
            self.error("unknown_currency", column, f"{_label(column)} must be an ISO 4217 code such as EUR", value)
            return ""

    def read_country(self, value: object, *, column: str = "country_code") -> str | None:
        """Return an ISO 3166 alpha-2 code exactly as it was written."""
        text = trimmed(self.read_text(value, column=column)) or None
        if text is not None and not is_country(text):
            self.error("unknown_country", column, f"{_label(column)} must be a two-letter code such as DE", value)
        return text

    def read_address(self, value: object, *, column: str) -> str | None:
        """Return one e-mail address."""
        text = trimmed(self.read_text(value, column=column, most=254, required=True)) or None
        if text is not None and not is_email_address(text):
            self.error("not_an_address", column, f"{text!r} is not an e-mail address", text)
        return text

    def read_addresses(self, value: object, *, column: str = "billing_email") -> list[str]:
        """Return a list of e-mail addresses in the order written; text is split at commas."""
        parts = value.split(",") if isinstance(value, str) else value
        if parts is None:
            return []
        if not isinstance(parts, Sequence):
            self.error("not_a_list", column, f"{_label(column)} must be a list of e-mail addresses")
            return []
        addresses = [part.strip() if isinstance(part, str) else part for part in parts if part != ""]
        for address in addresses:
            self.read_address(address, column=column)
        if len(addresses) > MOST_ADDRESSES:
            self.error("too_many", column, f"{_label(column)} has {len(addresses)} addresses; at most {MOST_ADDRESSES}")
        return [str(address) for address in addresses]

    def read_custom_fields(self, value: object, *, column: str = "custom_fields") -> list[dict[str, str | None]]:
        """Return named free fields in the order written."""
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.error("not_a_list", column, "Custom fields must be a list of names with values")
            return []
        if len(value) > MOST_CUSTOM_FIELDS:
            self.error("too_many", column, f"There are {len(value)} custom fields; at most {MOST_CUSTOM_FIELDS}")
        clean: list[dict[str, str | None]] = []
        for number, item in enumerate(value, start=1):
            if not isinstance(item, Mapping):
                self.error("not_a_field", column, f"Custom field {number} must have a name and a value")
                continue
            name = self.read_text(item.get("name"), column=f"custom_fields[{number}].name", most=100, required=True)
            text = self.read_text(item.get("value"), column=f"custom_fields[{number}].value", most=500)
            clean.append({"name": name or "", "value": text})
        return clean

    def read_party(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return those of the address and free fields that were given, clean."""
        clean: dict[str, object] = {}
        for name in BILLING_FIELDS:
            if name not in fields:
                continue
            if name == "billing_email":
                clean[name] = self.read_addresses(fields[name])
            elif name == "country_code":
                clean[name] = self.read_country(fields[name])
            else:
                clean[name] = self.read_text(fields[name], column=name, most=40 if name == "postal_code" else 255)
        if "custom_fields" in fields:
            clean["custom_fields"] = self.read_custom_fields(fields["custom_fields"])
        return clean


def is_country(text: str) -> bool:
    """Tell whether the text is an ISO 3166 alpha-2 code, in any case."""
    from babel import Locale  # start-up should not wait for it

    code = text.upper()
    return len(code) == 2 and code in Locale("en").territories and code not in NO_COUNTRIES


def is_email_address(text: str) -> bool:
    """Tell whether the text can be an e-mail address; nothing is looked up."""
    from email_validator import EmailNotValidError, validate_email

    # Mail servers inside a company live under names that the public network reserves.
    inside = text.lower().endswith((".local", "@localhost"))
    try:
        domain = validate_email(
            f"{text}.example" if inside else text, check_deliverability=False, test_environment=True
        ).domain
    except EmailNotValidError:
        return False
    return "." in domain


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bool | float) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    if "_" in text or len(text) > 80 or not text.isascii():
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 1000 else None


def _label(column: str) -> str:
    words = column.replace("_", " ").replace("[", " ").replace("].", " ").replace("iban", "IBAN")
    return words[:1].upper() + words[1:]
