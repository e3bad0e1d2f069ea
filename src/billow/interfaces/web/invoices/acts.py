"""What can be done to rows of the Invoices screen: the words, and the statuses each act is for."""

from dataclasses import dataclass


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
        label="Generate",
        nothing="Nothing to generate",
        question="Generate {what}?",
        done="Generation of {what} has started",
        consequence="Each gets the next number of the series. Nothing is sent: you review the drafts first.",
        statuses=frozenset({"ready"}),
    ),
    Act(
        name="approve",
        label="Approve & send",
        nothing="Nothing to approve & send",
        question="Approve and send {what}?",
        done="{what} approved; the mail is on its way",
        consequence="The issue date is today, the documents are stored for good, and the PDF goes out by e-mail. "
        "An approved invoice never changes.",
        statuses=frozenset({"awaiting_approval"}),
    ),
    Act(
        name="regenerate",
        label="Regenerate",
        nothing="Nothing to regenerate",
        question="Regenerate {what}?",
        done="Generation of {what} has started",
        consequence="A new version is made from today's costs, rules, profiles and customer data. "
        "Numbers stay; older versions are kept.",
        statuses=frozenset({"awaiting_approval", "failed"}),
    ),
    Act(
        name="send",
        label="Send again",
        nothing="Nothing to send again",
        question="Send {what} again?",
        done="{what} will be sent again",
        consequence="The stored PDF goes to the customer's present billing addresses.",
        statuses=frozenset({"approved"}),
    ),
    Act(
        name="download",
        label="Download",
        nothing="Nothing to download",
        question="Download {what}",
        done="",
        consequence="One ZIP file. Documents of drafts are marked as drafts.",
        statuses=frozenset({"awaiting_approval", "approved"}),
        writes=False,
    ),
    Act(
        name="cancel",
        label="Cancel",
        nothing="Nothing to cancel",
        question="Cancel {what}?",
        done="{what} cancelled",
        consequence="The number stays used and the reason is kept. The month can then be invoiced again.",
        statuses=frozenset({"awaiting_approval", "failed"}),
        tone="danger",
    ),
)
ACTS = {act.name: act for act in _ACTS}

SKIPPED_BECAUSE = {
    "ready": "not generated yet",
    "generating": "is being generated",
    "awaiting_approval": "has been generated already",
    "failed": "could not be generated; regenerate it first",
    "approved": "is approved and never changes",
    "cancelled": "is cancelled",
}
_OTHER_WORDS = {
    ("approve", "approved"): "is approved already",
    ("send", "awaiting_approval"): "is not approved yet",
    ("generate", "approved"): "has been generated already",
    ("generate", "failed"): "has a number already; regenerate it instead",
    ("download", "failed"): "could not be generated; open it to see what there was before",
    ("download", "cancelled"): "has no document",
    ("regenerate", "ready"): "not generated yet; generate it instead",
}
_RETRY = {("regenerate", "failed"): "Retry"}


def offers(*, status: str, may_write: bool, is_stale: bool = False) -> tuple[Offer, ...]:
    """Return the acts for a row in this status, the next step first: for a draft out of date, to regenerate it."""
    fit = tuple(
        Offer(name=act.name, label=_RETRY.get((act.name, status), act.label), tone=act.tone)
        for act in _ACTS
        if status in act.statuses and act.writes and may_write
    )
    return tuple(sorted(fit, key=lambda offer: offer.name != "regenerate")) if is_stale else fit


def why_skipped(*, act: Act, status: str) -> str:
    """Say why the act leaves out a row in this status."""
    return _OTHER_WORDS.get((act.name, status), SKIPPED_BECAUSE.get(status, "is in another state"))
