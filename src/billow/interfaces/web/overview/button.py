"""One button of the overview."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """What is pressed: a link, or with ``act`` the question before an act on every row of ``status``."""

    label: str
    url: str = ""
    act: str = ""
    status: str = ""
