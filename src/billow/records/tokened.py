"""What every public record has: a token and its times."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import models

from billow.terms.token import new_token


def token_of(kind: str) -> Callable[[], str]:
    """Return a default for a token column of this kind."""
    return partial(new_token, kind=kind)


def token_field(kind: str, **options: Any) -> "models.CharField[str, str]":
    """Return a unique public identifier column of this kind."""
    return models.CharField(max_length=40, unique=True, editable=False, default=token_of(kind), **options)
