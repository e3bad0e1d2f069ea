"""Addresses of the way in and out, and of one's own account."""

from django.urls import path

from billow.interfaces.web.password_link.view import choose_password, forgot_password, open_mailed_link
from billow.interfaces.web.sign_in.code import code_page
from billow.interfaces.web.sign_in.oidc import from_provider, to_provider
from billow.interfaces.web.sign_in.passkey import passkey_answer, passkey_question
from billow.interfaces.web.sign_in.view import sign_in_page, sign_out
from billow.interfaces.web.you.codes import end_codes, new_recovery_codes, set_up_codes
from billow.interfaces.web.you.confirm import confirm_page
from billow.interfaces.web.you.passkeys import end_passkey, new_passkey, new_passkey_question
from billow.interfaces.web.you.view import change_name, change_password, end_browser, sign_out_everywhere, you_page

WAY_IN = [
    path("sign-in", sign_in_page),
    path("sign-in/code", code_page),
    path("sign-in/passkey", passkey_answer),
    path("sign-in/passkey/question", passkey_question),
    path("sign-in/oidc", to_provider),
    path("sign-in/oidc/callback", from_provider),
    path("sign-out", sign_out),
    path("forgot-password", forgot_password),
    path("links/<str:secret>", open_mailed_link),
    path("choose-password", choose_password),
    path("you", you_page),
    path("you/name", change_name),
    path("you/password", change_password),
    path("you/confirm", confirm_page),
    path("you/codes", set_up_codes),
    path("you/codes/off", end_codes),
    path("you/recovery-codes", new_recovery_codes),
    path("you/passkeys/question", new_passkey_question),
    path("you/passkeys/new", new_passkey),
    path("you/passkeys/<slug:token>/remove", end_passkey),
    path("you/sign-out-everywhere", sign_out_everywhere),
    path("you/browsers/<slug:token>/end", end_browser),
]
