import pytest

from billow.usecases.bank_checks import is_bic, is_iban, is_routing_number


@pytest.mark.parametrize("text", ["021000021", "0210-0002-1", "011401533"])
def test_routing_numbers_with_a_right_checksum(text: str) -> None:
    assert is_routing_number(text)


@pytest.mark.parametrize("text", ["021000022", "02100002", "0210000210", "abcdefghi", "", "000000000"])
def test_routing_numbers_that_cannot_be(text: str) -> None:
    assert not is_routing_number(text)


def test_ibans_are_checked_by_mod_97_and_length() -> None:
    assert is_iban("DE89 3704 0044 0532 0130 00")
    assert is_iban("gr1601101250000000012300695")
    assert not is_iban("DE89 3704 0044 0532 0130 01")
    assert not is_iban("DE89 3704 0044 0532 0130")
    assert not is_iban("ZZ89370400440532013000")


def test_bics_have_a_form_and_a_country() -> None:
    assert is_bic("DEUTDEFF")
    assert is_bic("DEUTDEFF500")
    assert not is_bic("DEUTZZFF")
    assert not is_bic("DEUT")
