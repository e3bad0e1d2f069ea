"""Every page of the console."""

from django.urls import path

from billow.interfaces.web.frame.home import home
from billow.interfaces.web.frame.theme import choose_theme
from billow.interfaces.web.invoice.view import document, live_invoice, one_invoice
from billow.interfaces.web.invoices.view import confirm, do, download, invoices_page, live_rows
from billow.interfaces.web.sign_in.view import sign_in_page, sign_out

urlpatterns = [
    path("", home),
    path("sign-in", sign_in_page),
    path("sign-out", sign_out),
    path("theme", choose_theme),
    path("invoices", invoices_page),
    path("invoices/live", live_rows),
    path("invoices/download", download),
    path("invoices/confirm/<slug:name>", confirm),
    path("invoices/do/<slug:name>", do),
    path("invoices/<slug:token>", one_invoice),
    path("invoices/<slug:token>/live", live_invoice),
    path("invoices/<slug:token>/<slug:kind>", document),
]
