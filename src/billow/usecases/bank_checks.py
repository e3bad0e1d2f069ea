"""Tell whether bank details can be right. Nothing is looked up and nothing is refused: a person is warned."""

_ROUTING_WEIGHTS = (3, 7, 1)


def is_routing_number(text: str) -> bool:
    """Tell whether the text is nine digits with the checksum of the American Bankers Association."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != 9 or not (digits.isascii() and digits.isdigit()):
        return False
    weighted = sum(int(digit) * _ROUTING_WEIGHTS[place % 3] for place, digit in enumerate(digits))
    return weighted % 10 == 0 and digits != "000000000"


def is_iban(text: str) -> bool:
    """Tell whether country, length, layout and check digits (ISO 13616, mod 97) fit."""
    from schwifty import IBAN  # reads its registry on import, which start-up should not wait for
    from schwifty.exceptions import SchwiftyException

    try:
        IBAN(text)
    except SchwiftyException:
        return False
    return True


def is_bic(text: str) -> bool:
    """Tell whether the text has the form of an ISO 9362 code of a real country."""
    from schwifty import BIC
    from schwifty.exceptions import SchwiftyException

    try:
        BIC(text)
    except SchwiftyException:
        return False
    return True
