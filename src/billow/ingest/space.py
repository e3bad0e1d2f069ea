"""What a full disk looks like."""

import errno
from pathlib import Path

from billow.terms.issue import Issue

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_no_space(error: OSError) -> bool:
    """Tell whether the system refused to write for want of room."""
    return error.errno in _NO_SPACE


def no_space_issue(folder: Path) -> Issue:
    """Say that the disk of the cost store is full."""
    return Issue(
        code="disk_full",
        message="There is no room left on the disk of the cost store; free some and import again. Nothing was changed.",
        path=str(folder),
    )
