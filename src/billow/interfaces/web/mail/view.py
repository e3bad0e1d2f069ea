"""Mail: how it leaves this installation, and a mail to try it with."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import form_key, went_well
from billow.interfaces.web.shown.fields import Complaints, Field, complaints_of
from billow.interfaces.web.shown.times import moment, zone_of
from billow.usecases.actor import Actor
from billow.usecases.mail_settings import MailSettings, Trial, recent_mails, send_trial, show_mail_settings
from billow.usecases.refused import Refused

PATH = "/settings/mail"
_INVALID = 422


@require_http_methods(["GET", "POST"])
def mail_page(request: HttpRequest) -> HttpResponse:
    """Show what is in effect; send a test mail and show the server's answer."""
    actor = actor_of(request)
    found = show_mail_settings(actor=actor)
    trial, problem = None, None
    if request.method == "POST":
        try:
            trial = _tried(request, actor)
        except Refused as refused:
            problem = refused
        else:
            if trial is None:
                return went_well(request, address=PATH, said=_("The test mail was sent when the form was sent first"))
    complaints = complaints_of(problem, columns=("recipient",))
    counts = recent_mails(actor=actor, now=clock())
    values = {
        "section": "settings",
        "place": "mail",
        "facts": _facts(found),
        "has_server": found.server is not None,
        "is_protected": found.is_protected,
        "fields": _fields(request, actor, complaints),
        "complaints": complaints,
        "trial": _shown(trial),
        "once": form_key() if trial else request.POST.get("once") or form_key(),
        "sent": counts.get("accepted", 0),
        "waiting": sum(counts.get(status, 0) for status in ("queued", "sending", "deferred")),
        "failed": sum(counts.get(status, 0) for status in ("failed", "bounced")),
    }
    return render(request, "mail/page.html", values, status=_INVALID if problem else 200)


def _tried(request: HttpRequest, actor: Actor) -> Trial | None:
    now = clock()
    sent = moment(now, zone=zone_of(actor.management_account.time_zone), now=now).full
    recipient = request.POST.get("recipient", "")
    return send_trial(actor=actor, recipient=recipient, key=request.POST.get("once", ""), sent=sent, now=now)


def _facts(found: MailSettings) -> list[tuple[str, str, str]]:
    """Return what is in effect: its name, its value, and the variable that sets it."""
    sender = (_("Sender"), found.sender, "BILLOW_MAIL_FROM")
    if found.server is None:
        return [sender, (_("Mails become files in"), found.outbox, "BILLOW_SMTP_URL")]
    server = found.server
    names = {"implicit": _("TLS from the start"), "starttls": _("TLS by STARTTLS"), "none": _("None")}
    return [
        sender,
        (_("Mail server"), f"{server.host}:{server.port}", "BILLOW_SMTP_URL"),
        (_("Encryption"), names[server.tls.value], "BILLOW_SMTP_URL"),
        (_("Signs in"), _("With user and password") if server.user else _("No"), "BILLOW_SMTP_URL"),
        (
            _("Trusted certificates"),
            str(server.ca_file) if server.ca_file else _("Those of the system"),
            "BILLOW_SMTP_CA_FILE",
        ),
    ]


def _fields(request: HttpRequest, actor: Actor, complaints: Complaints) -> tuple[Field, ...]:
    own = actor.user.email if actor.user is not None else ""
    return (
        Field(
            name="recipient",
            label=_("To"),
            kind="email",
            value=request.POST.get("recipient", own),
            problem=complaints.about("recipient"),
        ),
    )


def _shown(trial: Trial | None) -> dict[str, object] | None:
    if trial is None:
        return None
    return {
        "recipient": trial.recipient,
        "accepted": trial.accepted,
        "answer": trial.answer,
        "took": f"{trial.took.total_seconds():.1f} s",
    }
