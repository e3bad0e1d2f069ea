"""A rule that cannot be carried out on the month's charges."""


class RuleFailed(Exception):
    """Says what happened, as a noun phrase (``a division by zero``); ``rule_token`` names the rule once it is known."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.rule_token = ""
