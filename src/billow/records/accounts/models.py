"""Management accounts (the MSPs) and the people who work for them."""

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models

from billow.records.tokened import token_field


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
        return self.name


class Role(models.TextChoices):
    OWNER = "owner"
    INTEGRATION_OWNER = "integration_owner"
    EDITOR = "editor"
    VIEWER = "viewer"


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
    """A person of the MSP, who signs in with an e-mail address."""

    token = token_field("user")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values)),
        ]

    @property
    def may_write_invoices(self) -> bool:
        """Tell whether the user may generate, approve and send."""
        return self.role == Role.OWNER

    @property
    def may_write_rules(self) -> bool:
        """Tell whether the user may change rules and integrations."""
        return self.role in {Role.OWNER, Role.INTEGRATION_OWNER}

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
