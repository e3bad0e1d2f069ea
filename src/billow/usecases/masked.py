"""Leave out of every log what makes a link work: whoever reads the log could use it.

Nothing here needs Django: its settings name the filter before anything else is there.
"""

import logging
import re

_SECRET = re.compile(r"(/v2/(?:downloads|data_exports/files)/|/links/|/sign-in/oidc/callback\?)[^/?\s]+")


def masked(text: str) -> str:
    """Return the text without what makes a link in it work."""
    return _SECRET.sub(r"\1***", text)


class MaskedLinks(logging.Filter):
    """Masks the links in every line that is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the line's text where there is something to leave out; let every line pass."""
        text = record.getMessage()
        if (safe := masked(text)) != text:
            record.msg, record.args = safe, ()
        return True
