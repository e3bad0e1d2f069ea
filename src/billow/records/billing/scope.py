"""The scope that every query starts with: one management account."""

from typing import Any, Self, TypeVar

from django.db import models

from billow.records.accounts.models import ManagementAccount

RowT_co = TypeVar("RowT_co", bound=models.Model, covariant=True)


class ScopedQuerySet(models.QuerySet[RowT_co]):
    """A queryset that can be narrowed to what one management account owns."""

    def visible_to(self, management_account: ManagementAccount | Any) -> Self:
        """Return only rows of this management account (or of the user's management account)."""
        owner = getattr(management_account, "management_account", management_account)
        return self.filter(management_account=owner)
