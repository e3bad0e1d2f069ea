"""Values made in bulk are the same as those of the plain constructor."""

import gc
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from billow.terms.bulk import maker_of, without_collecting


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    x: int

    def __post_init__(self) -> None:
        raise ValueError("never right")


def test_a_value_made_in_bulk_is_like_any_other() -> None:
    made, plain = maker_of(Point)(1, 2, "here"), Point(x=1, y=2, name="here")
    assert type(made) is Point
    assert (made, hash(made), repr(made)) == (plain, hash(plain), repr(plain))
    assert replace(made, x=3) == Point(x=3, y=2, name="here")
    with pytest.raises(FrozenInstanceError):
        made.x = 3  # type: ignore[misc]


def test_every_field_must_be_given() -> None:
    with pytest.raises(TypeError, match="name"):
        maker_of(Point)(1, 2)


def test_a_class_that_checks_its_fields_is_refused() -> None:
    with pytest.raises(TypeError, match="Checked checks its fields"):
        maker_of(Checked)


def test_nobody_looks_for_cycles_while_values_are_made_in_bulk() -> None:
    assert gc.isenabled()
    with without_collecting():
        with without_collecting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_cycles_are_looked_for_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="broken"), without_collecting():
        raise ValueError("broken")
    assert gc.isenabled()


def test_what_was_made_counts_as_old_and_nothing_stays_frozen() -> None:
    with without_collecting():
        made = [[number] for number in range(50_000)]
    assert sum(1 for each in gc.get_objects(generation=0) if type(each) is list) < 10_000
    assert gc.get_freeze_count() == 0
    assert len(made) == 50_000
