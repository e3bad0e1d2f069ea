"""Which teams may see which managed accounts."""

from django.db import models

from billow.records.accounts.models import Team
from billow.records.billing.models.parties import ManagedAccount


class AccountAccess(models.Model):
    """What a team says about a managed account: can access, or cannot; no row means that it inherits."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="account_access")
    managed_account = models.ForeignKey(ManagedAccount, on_delete=models.CASCADE, related_name="team_access")
    can_access = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "managed_account"], name="team_says_one_thing"),
        ]
        verbose_name_plural = "account access"

    def __str__(self) -> str:
        return f"{self.team} {'can' if self.can_access else 'cannot'} access {self.managed_account}"
