"""Background work as a Django application."""

from django.apps import AppConfig

from billow.usecases import bell


class JobsConfig(AppConfig):
    """Rings for background work through the task queue."""

    name = "billow.interfaces.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Pass on every ring from the use cases."""
        bell.connect(_ring)


def _ring(work: bell.Work, token: str) -> None:
    # Imported at the first ring: the tasks bring the cost engine along, which most commands never need.
    from billow.interfaces.jobs.tasks import ring

    ring(work=work, token=token)
