"""What can be done to rows of the Invoices screen: the words, and the statuses each act is for."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: ``label`` on its button, ``question`` or ``nothing`` in its dialog, ``done`` in its result."""

    name: str
    label: str
    nothing: str
    question: str
    done: str
    consequence: str
    statuses: frozenset[str]
    tone: str = "primary"
    writes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A button for an act on one row."""

    name: str
    label: str
    tone: str


_ACTS = (
    Act(
        name="generate",
        label=gettext_noop("Generate"),
        nothing=gettext_noop("Nothing to generate"),
        question=gettext_noop("Generate {what}?"),
        done=gettext_noop("Generation of {what} has started"),
        consequence=gettext_noop(
            "Each gets the next number of the series. Nothing is sent: you review the drafts first."
        ),
        statuses=frozenset({"ready"}),
    ),
    Act(
        name="approve",
        label=gettext_noop("Approve & send"),
        nothing=gettext_noop("Nothing to approve & send"),
        question=gettext_noop("Approve and send {what}?"),
        done=gettext_noop("{what} approved; the mail is on its way"),
        consequence=gettext_noop(
            "The issue date is today, the documents are stored for good, and the PDF goes out by e-mail. "
            "An approved invoice never changes."
        ),
        statuses=frozenset({"awaiting_approval"}),
    ),
    Act(
        name="regenerate",
        label=gettext_noop("Regenerate"),
        nothing=gettext_noop("Nothing to regenerate"),
        question=gettext_noop("Regenerate {what}?"),
        done=gettext_noop("Generation of {what} has started"),
        consequence=gettext_noop(
            "A new version is made from today's costs, rules, profiles and customer data. "
            "Numbers stay; older versions are kept."
        ),
        statuses=frozenset({"awaiting_approval", "failed"}),
    ),
    Act(
        name="send",
        label=gettext_noop("Send again"),
        nothing=gettext_noop("Nothing to send again"),
        question=gettext_noop("Send {what} again?"),
        done=gettext_noop("{what} will be sent again"),
        consequence=gettext_noop("The stored PDF goes to the customer's present billing addresses."),
        statuses=frozenset({"approved"}),
    ),
    Act(
        name="download",
        label=gettext_noop("Download"),
        nothing=gettext_noop("Nothing to download"),
        question=gettext_noop("Download {what}"),
        done="",
        consequence=gettext_noop("One ZIP file. Documents of drafts are marked as drafts."),
        statuses=frozenset({"awaiting_approval", "approved"}),
        writes=False,
    ),
    Act(
        name="cancel",
        label=gettext_noop("Cancel"),
        nothing=gettext_noop("Nothing to cancel"),
        question=gettext_noop("Cancel {what}?"),
        done=gettext_noop("{what} cancelled"),
        consequence=gettext_noop("The number stays used and the reason is kept. The month can then be invoiced again."),
        statuses=frozenset({"awaiting_approval", "failed"}),
        tone="danger",
    ),
)
ACTS = {act.name: act for act in _ACTS}

_SKIPPED_BECAUSE = {
    "ready": gettext_noop("not generated yet"),
    "generating": gettext_noop("is being generated"),
    "awaiting_approval": gettext_noop("has been generated already"),
    "failed": gettext_noop("could not be generated; regenerate it first"),
    "approved": gettext_noop("is approved and never changes"),
    "cancelled": gettext_noop("is cancelled"),
}
_OTHER_WORDS = {
    ("approve", "approved"): gettext_noop("is approved already"),
    ("send", "awaiting_approval"): gettext_noop("is not approved yet"),
    ("generate", "approved"): gettext_noop("has been generated already"),
    ("generate", "failed"): gettext_noop("has a number already; regenerate it instead"),
    ("download", "failed"): gettext_noop("could not be generated; open it to see what there was before"),
    ("download", "cancelled"): gettext_noop("has no document"),
    ("regenerate", "ready"): gettext_noop("not generated yet; generate it instead"),
}
_RETRY = {("regenerate", "failed"): gettext_noop("Retry")}


def in_words(act: Act) -> Act:
    """Return the act with its words in the reader's language."""
    return replace(
        act,
        label=_(act.label),
        nothing=_(act.nothing),
        question=_(act.question),
        done=_(act.done),
        consequence=_(act.consequence),
    )


def offers(*, status: str, may_write: bool, is_stale: bool = False) -> tuple[Offer, ...]:
    """Return the acts for a row in this status, the next step first: for a draft out of date, to regenerate it."""
    fit = tuple(
        Offer(name=act.name, label=_(_RETRY.get((act.name, status), act.label)), tone=act.tone)
        for act in _ACTS
        if status in act.statuses and act.writes and may_write
    )
    return tuple(sorted(fit, key=lambda offer: offer.name != "regenerate")) if is_stale else fit


def why_skipped(*, act: Act, status: str) -> str:
    """Say why the act leaves out a row in this status."""
    reason = _OTHER_WORDS.get((act.name, status)) or _SKIPPED_BECAUSE.get(status)
    return _(reason) if reason else _("is in another state")
