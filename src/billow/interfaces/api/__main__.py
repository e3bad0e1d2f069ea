"""Print the API's reference as Markdown: ``python -m billow.interfaces.api > docs/api.md``."""

import os
import sys

import django


def main() -> None:
    """Print it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billow.settings")
    django.setup()
    from billow.interfaces.api.document import openapi
    from billow.interfaces.api.reference import markdown
    from billow.interfaces.api.server import make_api

    sys.stdout.write(markdown(openapi(api=make_api())))


if __name__ == "__main__":
    main()
