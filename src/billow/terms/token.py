"""Public identifiers: a prefix that names the kind, and sixteen hexadecimal digits."""

import re
import secrets

TOKEN_PREFIXES = {
    "management_account": "acct",
    "managed_account": "acct",
    "invoice": "msp_inv",
    "billing_profile": "blng_prfl",
    "billing_information": "blng_info",
    "business_information": "bsnss_info",
    "banking_information": "bnkng_info",
    "invoice_adjustment": "inv_adj",
    "billing_rule": "bllng_rule",
    "integration": "accss_crdntl",
    "cost_import": "usr_csts_upld",
    "user": "usr",
    "mailed_link": "mld_lnk",
    "session": "sssn",
    "passkey": "psskey",
    "team": "team",
    "api_token": "api_tkn",
    "credit_note": "crdt_nt",
    "delivery": "dlvry",
    "webhook_endpoint": "whk_endpt",
    "webhook_event": "whk_evt",
    "webhook_call": "whk_cll",
    "workspace": "wrkspc",
    "folder": "fldr",
    "cost_report": "rprt",
    "data_export": "dta_xprt",
    "user_costs_upload": "usr_csts_upld",
}

_TOKEN = re.compile(r"^[a-z]+(_[a-z]+)*_[0-9a-f]{16}$")


def new_token(*, kind: str) -> str:
    """Return a fresh public identifier for the kind, such as ``msp_inv_0123456789abcdef``."""
    return f"{TOKEN_PREFIXES[kind]}_{secrets.token_hex(8)}"


def is_token(text: str) -> bool:
    """Tell whether the text has the form of a public identifier."""
    return _TOKEN.match(text) is not None
