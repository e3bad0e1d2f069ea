"""The mail with which somebody finds out whether mails arrive."""

import html

from billow.delivery.letter import Letter


def write_trial_letter(*, company: str, person: str, sent: str) -> Letter:
    """Return the mail; ``sent`` is when, as a person reads it."""
    subject = f"Test mail of {company}"
    lines = (
        f"{person} sent this mail from Billow at {sent} to see whether mails arrive.",
        "Invoices will come from the same address. There is nothing to do.",
    )
    text = "\n".join(lines) + f"\n\n-- \n{company} · Billow\n"
    body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    page = f'<!doctype html><html lang="en"><body>{body}<p>{html.escape(company)} · Billow</p></body></html>'
    return Letter(subject=subject, text=text, html=page)
