"""The entry for web servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billow.settings")

_framework = get_wsgi_application()

from billow.interfaces.api.chunked import KnownLength  # noqa: E402

application = KnownLength(_framework)
