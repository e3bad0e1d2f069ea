"""The scope that every query starts with: one management account, and in it what somebody may see."""

from typing import Any, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Q

from billow.records.accounts.models import ManagementAccount, User

RowT_co = TypeVar("RowT_co", bound=models.Model, covariant=True)


class ScopedQuerySet(models.QuerySet[RowT_co]):
    """A queryset that can be narrowed to what one management account owns, or what somebody in it may see.

    A model whose rows belong to managed accounts names the path to them in ``ACCOUNT_PATH``; one that customers see
    names what they see of their own in ``SHOWN_TO_CUSTOMERS``. Customers see nothing of any other model.
    """

    def visible_to(self, who: ManagementAccount | Any) -> Self:
        """Return only rows of this management account, or those that this actor (or user) may see in it."""
        owner = getattr(who, "management_account", who)
        rows = self.filter(management_account=owner)
        user = who if isinstance(who, User) else getattr(who, "user", None)
        if user is None:
            return rows
        return rows._seen_by(user, account_id=getattr(who, "account_id", user.managed_account_id))

    def _seen_by(self, user: User, *, account_id: int | None) -> Self:
        path: str | None = getattr(self.model, "ACCOUNT_PATH", None)
        if account_id is None:
            return self if path is None else self.exclude(**{f"{path}__in": hidden_accounts(user)})
        shown: Q | None = getattr(self.model, "SHOWN_TO_CUSTOMERS", None)
        if path is None or shown is None:
            return self.none()
        return self.filter(shown, **{path: account_id})


def hidden_accounts(user: User) -> "models.QuerySet[Any, Any]":
    """Return the keys of the managed accounts that a user of the MSP may not see.

    A team says *can*, *cannot* or nothing about an account; saying nothing, it says what Everyone says. One team that
    says *cannot* hides the account, whatever the others say; where Everyone says it, a team of the user that says
    *can* shows the account again.
    """
    access = apps.get_model("billing", "AccountAccess")  # its own module is built on this one
    said = access._default_manager.filter(team__management_account=user.management_account_id)
    own = said.filter(team__is_everyone=False, team__members__user=user)
    shown = own.filter(can_access=True).values("managed_account")
    return said.filter(
        Q(pk__in=own.filter(can_access=False).values("pk"))
        | Q(team__is_everyone=True, can_access=False) & ~Q(managed_account__in=shown)
    ).values("managed_account")
