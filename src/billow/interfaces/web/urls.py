"""Every page of the console."""

from django.urls import path

from billow.interfaces.web.account.deletion import delete as delete_account
from billow.interfaces.web.account.entering import enter, leave
from billow.interfaces.web.account.integrations import end as end_delegation
from billow.interfaces.web.account.integrations import integrations as account_integrations
from billow.interfaces.web.account.invoices import invoices as account_invoices
from billow.interfaces.web.account.people import people
from billow.interfaces.web.account.rules import change_rules
from billow.interfaces.web.account.rules import rules as account_rules
from billow.interfaces.web.account.view import general as account_general
from billow.interfaces.web.account.view import new_account
from billow.interfaces.web.accounts.view import accounts_page, page_costs
from billow.interfaces.web.accounts_import.view import import_page, template
from billow.interfaces.web.billing_rule.view import check_sql, choose_kind, new_rule, one_rule, remove_rule
from billow.interfaces.web.billing_rules.view import rules_page
from billow.interfaces.web.comparison.view import compare_page
from billow.interfaces.web.costs.view import costs_csv, costs_page, invoice_report
from billow.interfaces.web.credit.view import credit_page, note_document
from billow.interfaces.web.frame.theme import choose_theme
from billow.interfaces.web.integration.unallocated import delegations as integration_delegations
from billow.interfaces.web.integration.unallocated import unallocated
from billow.interfaces.web.integration.view import one_integration, remove_integration, remove_upload
from billow.interfaces.web.integrations.view import integrations_page, new_integration
from billow.interfaces.web.invoice.view import document, live_invoice, one_invoice
from billow.interfaces.web.invoices.view import confirm, do, download, invoices_page, live_rows
from billow.interfaces.web.overview.view import overview_page
from billow.interfaces.web.partner_settings.urls import PARTNER_SETTINGS
from billow.interfaces.web.portal.view import (
    credit_note_document,
    home,
    own_invoice_document,
    own_invoice_page,
    sellers_logo,
)
from billow.interfaces.web.profile.view import change_logo, new_profile, one_profile, preview_head, remove_profile
from billow.interfaces.web.profiles.view import logo, profiles_page
from billow.interfaces.web.rates.view import rates_page
from billow.interfaces.web.search.view import search_page
from billow.interfaces.web.sign_in.urls import WAY_IN

urlpatterns = [
    path("", overview_page),
    *WAY_IN,
    path("theme", choose_theme),
    path("search", search_page),
    path("portal", home),
    path("portal/logo", sellers_logo),
    path("portal/invoices/<slug:token>", own_invoice_page),
    path("portal/invoices/<slug:token>/<slug:kind>", own_invoice_document),
    path("portal/credit-notes/<slug:token>/<slug:kind>", credit_note_document),
    path("invoices", invoices_page),
    path("invoices/live", live_rows),
    path("invoices/download", download),
    path("invoices/confirm/<slug:name>", confirm),
    path("invoices/do/<slug:name>", do),
    path("invoices/<slug:token>", one_invoice),
    path("invoices/<slug:token>/live", live_invoice),
    path("invoices/<slug:token>/compare", compare_page),
    path("invoices/<slug:token>/credit", credit_page),
    path("invoices/<slug:token>/cost-report", invoice_report),
    path("invoices/<slug:token>/<slug:kind>", document),
    path("settings/billing-profiles", profiles_page),
    path("settings/billing-profiles/new", new_profile),
    path("settings/billing-profiles/preview", preview_head),
    path("settings/billing-profiles/<slug:token>", one_profile),
    path("settings/billing-profiles/<slug:token>/logo", logo),
    path("settings/billing-profiles/<slug:token>/change-logo", change_logo),
    path("settings/billing-profiles/<slug:token>/delete", remove_profile),
    path("settings/integrations", integrations_page),
    path("settings/integrations/new", new_integration),
    path("settings/integrations/<slug:token>", one_integration),
    path("settings/integrations/<slug:token>/unallocated", unallocated),
    path("settings/integrations/<slug:token>/delegations", integration_delegations),
    path("settings/integrations/<slug:token>/delete", remove_integration),
    path("settings/integrations/<slug:token>/uploads/<slug:upload>/delete", remove_upload),
    path("settings/exchange-rates", rates_page),
    path("settings/billing-rules", rules_page),
    path("settings/billing-rules/new", choose_kind),
    path("settings/billing-rules/new/<slug:name>", new_rule),
    path("settings/billing-rules/check-sql", check_sql),
    path("settings/billing-rules/<slug:token>", one_rule),
    path("settings/billing-rules/<slug:token>/delete", remove_rule),
    *PARTNER_SETTINGS,
    path("credit-notes/<slug:token>/<slug:kind>", note_document),
    path("costs", costs_page),
    path("costs.csv", costs_csv),
    path("cost-reports/<slug:token>", costs_page),
    path("cost-reports/<slug:token>.csv", costs_csv),
    path("accounts", accounts_page),
    path("accounts/new", new_account),
    path("accounts/costs", page_costs),
    path("accounts/import", import_page),
    path("accounts/import/template.csv", template),
    path("accounts/<slug:token>", account_general),
    path("accounts/<slug:token>/integrations", account_integrations),
    path("accounts/<slug:token>/integrations/end", end_delegation),
    path("accounts/<slug:token>/rules", account_rules),
    path("accounts/<slug:token>/rules/<slug:act>", change_rules),
    path("accounts/<slug:token>/invoices", account_invoices),
    path("accounts/<slug:token>/people", people),
    path("accounts/<slug:token>/delete", delete_account),
    path("accounts/<slug:token>/enter", enter),
    path("leave-account", leave),
]
