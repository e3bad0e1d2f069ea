"""The one settings file. Everything an operator may set is a BILLOW_* variable (docs/settings.md)."""

import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from billow.billingrules.price_list import read_price_list
from billow.delivery.address import UnableToReadAddress, read_address
from billow.delivery.channels.smtp.settings import UnableToReadSmtpUrl, read_smtp_url
from billow.delivery.channels.webhook.settings import UnableToReadWebhookSettings, read_webhook_settings
from billow.interfaces.web.frame.languages import LOCALE, languages_in
from billow.usecases.documents_url import UnableToReadDocumentsUrl, read_documents_url
from billow.usecases.oidc_settings import UnableToReadOidcSettings, read_oidc_settings

TESTING = "pytest" in sys.modules


def _text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def _flag(name: str, *, default: bool = False) -> bool:
    text = _text(name).lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    if text:
        raise ImproperlyConfigured(f"{name} is {text!r}; write true or false")
    return default


def _whole_number(name: str, *, default: int, least: int = 0) -> int:
    text = _text(name) or str(default)
    if not re.fullmatch(r"\d+", text) or int(text) < least:
        raise ImproperlyConfigured(f"{name} is {text!r}; write a whole number of at least {least}")
    return int(text)


def _data_folder() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(_text("BILLOW_DATA") or Path(home) / "billow").expanduser().resolve()


def _key(name: str, file_name: str) -> str:
    """Read a key from its variable, else from the data folder where ``billow init`` put it."""
    if value := _text(name):
        return value
    file = DATA / "keys" / file_name
    try:
        return file.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except PermissionError as denied:
        raise ImproperlyConfigured(f"{file} may not be read by this user; check who owns the data folder") from denied
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set and {file} does not exist; run `billow init` or set {name}")
    return ""


def _price_list(name: str) -> Path | None:
    """Return the file of a price list, once it can be read without a fault."""
    if not (given := _text(name)):
        return None
    path = Path(given).expanduser().resolve()
    try:
        prices, issues = read_price_list(text=path.read_text(encoding="utf-8"), path=str(path))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ImproperlyConfigured(f"{name}: {path} cannot be read: {unreadable}") from unreadable
    if prices is None:
        raise ImproperlyConfigured(f"{name}: {path}: {'; '.join(issue.message for issue in issues)}")
    return path


DATA = _data_folder()
PRODUCTION = _flag("BILLOW_PRODUCTION")
DEBUG = _flag("BILLOW_DEBUG")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("BILLOW_DEBUG must be false when BILLOW_PRODUCTION is true")

NO_KEY_YET = "no-key-yet-run-billow-init"
SECRET_KEY = _key("BILLOW_SECRET_KEY", "secret_key") or NO_KEY_YET
ENCRYPTION_KEY = _key("BILLOW_ENCRYPTION_KEY", "encryption_key")

BASE_URL = _text("BILLOW_BASE_URL", "http://localhost:8000").rstrip("/")
_base = urlsplit(BASE_URL)
if _base.scheme not in {"http", "https"} or not _base.hostname:
    raise ImproperlyConfigured(f"BILLOW_BASE_URL is {BASE_URL!r}; write an address such as https://billing.example.com")
ALLOWED_HOSTS = [host for host in _text("BILLOW_ALLOWED_HOSTS").split(",") if host] or [
    "localhost",
    "127.0.0.1",
    "[::1]",
    _base.hostname,
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "billow.records.accounts",
    "billow.records.audit",
    "billow.records.costs",
    "billow.records.billing",
    "billow.records.webhooks",
    "billow.records.answers",
    "billow.records.reports",
    "billow.interfaces.jobs",
    "billow.interfaces.web",
]

MIDDLEWARE = [
    "billow.interfaces.api.answers.ApiAnswers",
    "django.middleware.security.SecurityMiddleware",
    "billow.interfaces.web.frame.middleware.StrictHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "billow.interfaces.web.frame.sessions.KnownBrowsers",
    "billow.interfaces.web.frame.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "billow.interfaces.web.frame.customers.CustomersDoor",
    "billow.interfaces.web.frame.middleware.Refusals",
]

ROOT_URLCONF = "billow.urls"
WSGI_APPLICATION = "billow.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "interfaces" / "web"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billow.interfaces.web.frame.context.frame",
            ],
        },
    }
]

DATABASE_URL = _text("BILLOW_DATABASE_URL") or f"sqlite:///{DATA / 'billow.sqlite3'}"
if DATABASE_URL.partition("://")[0] not in {"sqlite", "postgres", "postgresql"}:
    raise ImproperlyConfigured("BILLOW_DATABASE_URL must begin with sqlite:// or postgresql://")
try:
    DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60)}
except ValueError as unreadable:
    raise ImproperlyConfigured(
        "BILLOW_DATABASE_URL cannot be read; write postgresql://user:password@host:5432/database, with %40 for an @"
    ) from unreadable
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers queue instead of failing: a write transaction takes its lock when it begins.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

SMTP_URL = _text("BILLOW_SMTP_URL")
"""smtp://user:password@host:587?tls=starttls, or smtps://…; empty: mails go to the outbox folder as files."""
SMTP_CA_FILE = _text("BILLOW_SMTP_CA_FILE")
"""Certificates (PEM) to trust instead of the system's, for a mail server with one of its own."""
MAIL_FROM = _text("BILLOW_MAIL_FROM", "billing@localhost")
try:
    read_address(text=MAIL_FROM)
    if SMTP_URL:
        read_smtp_url(url=SMTP_URL, ca_file=SMTP_CA_FILE)
except UnableToReadAddress as _wrong:
    raise ImproperlyConfigured(f"BILLOW_MAIL_FROM: {_wrong}") from None
except UnableToReadSmtpUrl as _wrong:
    raise ImproperlyConfigured(str(_wrong)) from None

try:
    WEBHOOKS = read_webhook_settings(
        networks=_text("BILLOW_WEBHOOK_NETWORKS"),
        ca_file=_text("BILLOW_WEBHOOK_CA_FILE"),
        timeout_s=_whole_number("BILLOW_WEBHOOK_TIMEOUT_S", default=15, least=1),
    )
except UnableToReadWebhookSettings as _wrong:
    raise ImproperlyConfigured(str(_wrong)) from None
"""What webhooks may call: the public internet by HTTPS, and networks that are named."""

try:
    OIDC = read_oidc_settings(
        issuer=_text("BILLOW_OIDC_ISSUER"),
        client_id=_text("BILLOW_OIDC_CLIENT_ID"),
        client_secret=_text("BILLOW_OIDC_CLIENT_SECRET"),
        name=_text("BILLOW_OIDC_NAME", "your company's sign-on"),
        ca_file=_text("BILLOW_OIDC_CA_FILE"),
        trusts_addresses=_flag("BILLOW_OIDC_TRUST_ADDRESSES"),
        base_url=BASE_URL,
    )
except UnableToReadOidcSettings as _wrong:
    raise ImproperlyConfigured(str(_wrong)) from None
"""The identity provider that people of the MSP may sign in with; None: there is none."""

ENGINE_MEMORY_MIB = _whole_number("BILLOW_ENGINE_MEMORY_MIB", default=1024, least=128)
ENGINE_THREADS = _whole_number("BILLOW_ENGINE_THREADS", default=2, least=1)

AWS_PRICES = _price_list("BILLOW_AWS_PRICES")
"""Prices by volume tier to re-rate customers by; None: those that come with Billow."""

OWNER_PASSWORD = os.environ.get("BILLOW_OWNER_PASSWORD", "")
"""The first owner's password for ``billow init``; empty: one is made up and shown once."""

API_REQUESTS_PER_MINUTE = _whole_number("BILLOW_API_REQUESTS_PER_MINUTE", default=1000)
"""Requests that one API token may make in a minute, by serving process; 0 limits nothing."""
API_COST_REQUESTS_PER_MINUTE = _whole_number("BILLOW_API_COST_REQUESTS_PER_MINUTE", default=120)
"""How many of them may ask or export costs; 0 limits those no further."""

DOCUMENTS_URL = _text("BILLOW_DOCUMENTS_URL")
"""s3://bucket/folder?region=…; empty: documents lie in the data folder."""
try:
    if DOCUMENTS_URL:
        read_documents_url(DOCUMENTS_URL)
except UnableToReadDocumentsUrl as _wrong:
    raise ImproperlyConfigured(str(_wrong)) from None

COST_STORE = DATA / "costs"
OUTBOX = DATA / "outbox"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "billow.usecases.object_storage.ObjectStorage", "OPTIONS": {"url": DOCUMENTS_URL}}
    if DOCUMENTS_URL
    else {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA / "documents"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedStaticFilesStorage"
    },
}

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [Path(__file__).parent / "interfaces" / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LANGUAGE_CODE = "en"
LOCALE_PATHS = [LOCALE]
LANGUAGES = languages_in(LOCALE)
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _base.scheme == "https"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "billow.interfaces.web.frame.refusals.csrf_failed"
SECURE_HSTS_SECONDS = 31_536_000 if _base.scheme == "https" else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# A bulk act over a whole month ticks more boxes than the usual thousand.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_HANDLERS = [
    "billow.interfaces.web.frame.upload_limit.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOG_LEVEL = _text("BILLOW_LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(f"BILLOW_LOG_LEVEL is {LOG_LEVEL!r}; write DEBUG, INFO, WARNING or ERROR")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"masked": {"()": "billow.usecases.masked.MaskedLinks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masked"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
