"""How somebody gets in, as an owner sees it: never a secret, only what there is."""

from dataclasses import dataclass
from datetime import datetime

from billow.records.accounts.models import IdentityLink, LinkPurpose, LinkStatus, MailedLink, Passkey, Permission, User
from billow.usecases.actor import Actor
from billow.usecases.sign_in import may_enter, needs_code


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """What somebody can show at the door, and what became of the newest invitation."""

    may_enter: bool
    has_password: bool
    has_app: bool
    passkeys: int
    has_sign_on: bool
    invited_at: datetime | None
    invitation: str
    problem: str

    @property
    def has_factors(self) -> bool:
        """Tell whether there is something to forget for whoever lost the phone."""
        return self.has_app or self.passkeys > 0 or self.has_sign_on


def way_in(*, actor: Actor, user: User, now: datetime) -> WayIn:
    """Return how somebody gets in; an owner's to see."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    link = MailedLink.objects.filter(user=user, purpose=LinkPurpose.INVITATION).order_by("-pk").first()
    return WayIn(
        may_enter=may_enter(user),
        has_password=user.has_usable_password(),
        has_app=needs_code(user),
        passkeys=Passkey.objects.filter(user=user).count(),
        has_sign_on=IdentityLink.objects.filter(user=user).exists(),
        invited_at=None if link is None else link.created_at,
        invitation="" if link is None else _state(link, now),
        problem=link.outcome_message if link is not None and link.status == LinkStatus.FAILED else "",
    )


def _state(link: MailedLink, now: datetime) -> str:
    """Return waiting, failed, open, or over: used, too old, or followed by something newer."""
    if link.ended_at is not None or (link.expires_at is not None and link.expires_at <= now):
        return "over"
    if link.status == LinkStatus.FAILED:
        return "failed"
    return "open" if link.status == LinkStatus.SENT else "waiting"
