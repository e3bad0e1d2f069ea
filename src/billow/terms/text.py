"""Texts as they are used: without the spaces around them, which belong to whoever wrote them."""


def trimmed(text: str | None) -> str:
    """Return the text without outer spaces and line ends; empty for None."""
    return (text or "").strip()
