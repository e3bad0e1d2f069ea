"""What a request can do wrong before any use case is asked."""


class Problem(Exception):
    """The request is refused with this status; each message is a sentence for whoever wrote the client."""

    def __init__(self, status: int, *messages: str) -> None:
        super().__init__(*messages)
        self.status = status
        self.messages = messages
