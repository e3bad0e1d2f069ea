"""Every endpoint of the API, and who may use it: the one table that the authorisation tests walk.

A new endpoint without a row here fails tests/api/test_authorisation.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.world import MSP_ROLES

OWNER = frozenset({"owner"})
RULE_WRITERS = frozenset({"owner", "integration_owner"})
REPORT_WRITERS = frozenset({"owner", "integration_owner", "editor"})
MSP = frozenset(MSP_ROLES)
EVERY_TOKEN = MSP | {"customer"}

ASKERS = (*MSP_ROLES, "customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path. ``needs`` is the scope; ``body`` is something it would do something with.

    ``no_customer_object`` is for paths whose example object is none of a customer's, who is told 404 rather than 403.
    """

    method: str
    path: str
    may: frozenset[str]
    needs: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        return self.needs or ("read" if self.method == "GET" else "write")

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def _rows(path: str, **may: frozenset[str]) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(method=method, path=path, may=who) for method, who in may.items())


OPEN = (Endpoint(method="GET", path="/v2/ping", may=EVERY_TOKEN),)
"""What needs no token."""

ENDPOINTS: tuple[Endpoint, ...] = (
    *_rows("/v2/me", GET=EVERY_TOKEN, PUT=EVERY_TOKEN),
    *_rows("/v2/users", GET=OWNER),
    *_rows("/v2/users/{user_token}", GET=OWNER),
    *_rows("/v2/teams", GET=MSP, POST=OWNER),
    *_rows("/v2/teams/{team_token}", GET=MSP, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/teams/{team_token}/members", GET=MSP, POST=OWNER),
    *_rows("/v2/teams/{team_token}/members/{user_token}", DELETE=OWNER),
    *_rows("/v2/audit_logs", GET=OWNER),
    *_rows("/v2/audit_logs/{audit_log_token}", GET=OWNER),
)
