"""What was answered to requests that carry a key, so that asking again does nothing twice."""

from django.db import models
from django.db.models import Q

from billow.records.fields import EncryptedTextField


class KeptAnswer(models.Model):
    """One key of one caller, the request it stands for, and its answer once there is one.

    ``claimed_until`` is the lease of whoever works on the request; it matters only where the work is done in several
    transactions, since otherwise nobody sees the row before it is answered. The body may hold a secret that is shown
    once, so it is encrypted.
    """

    caller = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claim = models.CharField(max_length=32)
    claimed_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    content_type = models.CharField(max_length=100, blank=True, default="")
    location = models.TextField(blank=True, default="")
    body = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="one_answer_per_key"),
            models.CheckConstraint(name="kept_answer_has_key", condition=~Q(key="") & ~Q(caller="")),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_oldest")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
