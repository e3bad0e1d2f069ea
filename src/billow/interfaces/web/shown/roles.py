"""Roles as a person reads them."""

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.fields import Choice, choices_of


def role_name(role: str) -> str:
    """Return the name of a role."""
    return dict(_names()).get(role, role)


def role_choices() -> tuple[Choice, ...]:
    """Return the roles, each with what it may do."""
    purposes = {
        "owner": _("everything, users and tokens included"),
        "integration_owner": _("customers, integrations and rules; no invoices"),
        "editor": _("cost reports"),
        "viewer": _("looks, changes nothing"),
    }
    return choices_of((role, f"{name}: {purposes[role]}") for role, name in _names())


def _names() -> tuple[tuple[str, str], ...]:
    return (
        ("viewer", _("Viewer")),
        ("editor", _("Editor")),
        ("integration_owner", _("Integration owner")),
        ("owner", _("Owner")),
    )
