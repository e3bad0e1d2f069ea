"""Management accounts (the MSPs) and the people who work for them."""

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac

from billow.records.accounts.permissions import CUSTOMER_ROLES, ROLES, Permission, Role
from billow.records.accounts.sign_in import (
    BrowserSession,
    IdentityLink,
    LinkPurpose,
    LinkStatus,
    MailedLink,
    Passkey,
    RecoveryCode,
    TotpSecret,
)
from billow.records.tokened import token_field
from billow.terms.text import trimmed

__all__ = [
    "ApiToken",
    "BrowserSession",
    "IdentityLink",
    "LinkPurpose",
    "LinkStatus",
    "MailedLink",
    "ManagementAccount",
    "Passkey",
    "Permission",
    "RecoveryCode",
    "Role",
    "SignInAttempt",
    "Team",
    "TeamMember",
    "TotpSecret",
    "User",
]


def validate_time_zone(name: str) -> None:
    """Refuse a name that is no IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is not a time zone; write a name such as Europe/Berlin")


class ManagementAccount(models.Model):
    """The MSP itself; becomes the seller on a document."""

    token = token_field("management_account")
    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    data_ingestion_delay = models.BooleanField(
        default=False, help_text="A month can be invoiced from the 4th instead of the 1st of the next."
    )
    currency = models.CharField(max_length=3, default="USD")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return trimmed(self.name)


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, *, email: str, password: str | None, management_account: ManagementAccount, **fields: Any
    ) -> "User":
        """Create a user who signs in with this address."""
        user = self.model(email=email.strip().lower(), management_account=management_account, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who acts: a person of the MSP, a person of one of its customers, or a service that holds a token.

    ``managed_account`` is set for a customer's person, who sees that account's approved invoices and nothing else. A
    service never signs in.
    """

    token = token_field("user")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    is_service = models.BooleanField(default=False)
    managed_account = models.ForeignKey(
        "billing.ManagedAccount", on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    session_generation = models.PositiveIntegerField(default=0)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values)),
        ]

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Return what every session carries: another one after a new password, and after *sign out everywhere*."""
        kept = self.password if self.session_generation == 0 else f"{self.password}\n{self.session_generation}"
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(salt, kept, secret=secret, algorithm="sha256").hexdigest()

    def may(self, permission: Permission) -> bool:
        """Tell whether the user has the permission; an account one may not see is another question."""
        roles = ROLES if self.managed_account_id is None else CUSTOMER_ROLES
        return self.role in roles.get(permission, frozenset())

    @property
    def may_write_invoices(self) -> bool:
        """Tell whether the user may generate, approve and send."""
        return self.may(Permission.WRITE_INVOICES)

    @property
    def may_write_rules(self) -> bool:
        """Tell whether the user may change rules and integrations."""
        return self.may(Permission.WRITE_RULES)

    def __str__(self) -> str:
        return self.name or self.email


class SignInAttempt(models.Model):
    """A sign-in that failed, kept for a day; ``key`` is a hash of who tried or from where."""

    key = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "created_at"], name="sign_in_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.created_at}"


class Team(models.Model):
    """People of the MSP who see the same managed accounts; the Everyone team holds every user by itself.

    ``workspace_tokens`` are the workspaces that somebody named; none means all.
    """

    token = token_field("team")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)
    is_everyone = models.BooleanField(default=False)
    workspace_tokens = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["management_account", "name"], name="team_name_once"),
            models.UniqueConstraint(
                fields=["management_account"], condition=models.Q(is_everyone=True), name="one_everyone_team"
            ),
        ]

    def __str__(self) -> str:
        return trimmed(self.name)


class TeamMember(models.Model):
    """A user in a team. The role is shown to people; what a user may do depends on the user's own role."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.EDITOR)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="team_member_once"),
            models.CheckConstraint(name="team_role_known", condition=models.Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class ApiToken(models.Model):
    """A secret with which a program acts as a user; only its SHA-256 is kept.

    ``scopes`` is a list of ``read`` and ``write``.
    """

    token = token_field("api_token")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    description = models.CharField(max_length=255, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.token} of {self.user}"
