"""Database fields for money: exact decimals as text, rounded amounts as integers, secrets encrypted."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models

if TYPE_CHECKING:
    _CharField = models.CharField[Any, Any]
    _BigIntegerField = models.BigIntegerField[Any, Any]
    _TextField = models.TextField[Any, Any]
else:
    _CharField, _BigIntegerField, _TextField = models.CharField, models.BigIntegerField, models.TextField


class ExactDecimalField(_CharField):
    """Keep a Decimal as plain text, because SQLite's numbers lose digits.

    Never sum or compare this column in SQL.
    """

    # What the type checker's plugin takes a column to accept and give.
    _pyi_private_set_type: Decimal | str | int  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 80)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *_: object) -> Decimal | None:
        """Return the column's text as a Decimal."""
        return None if value is None else Decimal(value)

    def to_python(self, value: object) -> Any:
        """Return any accepted form as a Decimal; refuse floats."""
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise ValidationError("a float is not an exact number")
        try:
            return Decimal(str(value))
        except InvalidOperation as wrong:
            raise ValidationError(f"{value!r} is not a decimal number") from wrong

    def get_prep_value(self, value: object) -> Any:
        """Return the text that is stored: plain notation, no exponent."""
        number = self.to_python(value)
        return None if number is None else f"{number:f}"


class MinorUnitsField(_BigIntegerField):
    """Keep a rounded amount as whole minor units of the row's currency."""


class EncryptedTextField(_TextField):
    """Keep text encrypted at rest with the installation's key (Fernet)."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """Return the clear text."""
        if not value:
            return value
        try:
            return _cipher().decrypt(value.encode("ascii")).decode("utf-8")
        except InvalidToken as wrong:
            raise ImproperlyConfigured("BILLOW_ENCRYPTION_KEY is not the key this data was encrypted with") from wrong

    def get_prep_value(self, value: object) -> Any:
        """Return the cipher text that is stored."""
        if not value:
            return value
        return _cipher().encrypt(str(value).encode("utf-8")).decode("ascii")


def _cipher() -> Fernet:
    if not settings.ENCRYPTION_KEY:
        raise ImproperlyConfigured("no encryption key yet: run `billow init` or set BILLOW_ENCRYPTION_KEY")
    return Fernet(settings.ENCRYPTION_KEY)
