"""How people get in: links that were mailed to them, and the browsers they are signed in with."""

from django.db import models

from billow.records.fields import EncryptedTextField
from billow.records.tokened import token_field


class LinkPurpose(models.TextChoices):
    RESET = "reset"
    INVITATION = "invitation"


class LinkStatus(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class MailedLink(models.Model):
    """A wish to mail somebody a link with which a password can be set, once and for a while.

    The link's secret is made when the mail is written and kept nowhere; ``secret_hash`` is its SHA-256.
    ``ended_at`` is when it was used or something newer took its place.
    """

    token = token_field("mailed_link")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="mailed_links")
    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=20, choices=LinkStatus.choices, default=LinkStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    outcome_message = models.TextField(blank=True)
    secret_hash = models.CharField(max_length=64, null=True, unique=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="link_purpose_known", condition=models.Q(purpose__in=LinkPurpose.values)),
            models.CheckConstraint(name="link_status_known", condition=models.Q(status__in=LinkStatus.values)),
        ]
        indexes = [models.Index(fields=["status", "next_attempt_at"], name="mailed_link_due")]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user}"


class BrowserSession(models.Model):
    """A browser in which somebody is signed in, so that they can look at it and end it from elsewhere."""

    token = token_field("session")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="browser_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    method = models.CharField(max_length=20)
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token} of {self.user}"


class TotpSecret(models.Model):
    """The secret from which somebody's authenticator app makes codes; it counts once a first code has proved it.

    ``last_counter`` is the half minute of the newest code that was taken: no code is taken twice.
    """

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="totp_secret")
    secret = EncryptedTextField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_counter = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"codes of {self.user}"


class RecoveryCode(models.Model):
    """A code for whoever has lost the authenticator app, good once; only its SHA-256 is kept."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class Passkey(models.Model):
    """A key that a device of somebody's keeps; ``credential`` is its public half as the device described it.

    ``sign_count`` is the device's own count of uses; devices that share a key among them always say 0.
    """

    token = token_field("passkey")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=255)
    credential_id = models.CharField(max_length=1400, unique=True)
    credential = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class IdentityLink(models.Model):
    """Somebody's account at the identity provider: found by its e-mail address once, by its own name ever after."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="identity_links")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_each"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.user}"
