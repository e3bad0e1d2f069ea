"""The bells: a task says which row rang, and answering it does all the work of that kind that is due."""

from typing import Any

from django_tasks import task
from django_tasks_db.models import DBTaskResult

from billow.interfaces.jobs.sweep import call_all, deliver_all, export_all, generate_all
from billow.usecases.bell import Work

FOREIGN_WORKER = "task-queue"
"""The name under which any other worker of the task queue than Billow's own does the work."""


@task()
def generate(token: str) -> int:  # noqa: ARG001
    """Generate every invoice that waits for it."""
    return generate_all(worker=FOREIGN_WORKER)


@task()
def deliver(token: str) -> int:  # noqa: ARG001
    """Deliver every mail that is due."""
    return deliver_all(worker=FOREIGN_WORKER)


@task()
def call(token: str) -> int:  # noqa: ARG001
    """Call every webhook that an event waits for."""
    return call_all(worker=FOREIGN_WORKER)


@task()
def export(token: str) -> int:  # noqa: ARG001
    """Write every export that waits for it."""
    return export_all(worker=FOREIGN_WORKER)


TASKS: dict[Work, Any] = {
    Work.GENERATE: generate,
    Work.DELIVER: deliver,
    Work.CALL: call,
    Work.EXPORT: export,
}


def ring(*, work: Work, token: str) -> None:
    """Enqueue a task inside the caller's transaction, unless one of its kind waits already.

    Five hundred approvals so ring once. If a worker takes that one ring before the caller commits, the sweeper finds
    the caller's rows a few seconds later.
    """
    if not waiting_bells(work=work).exists():
        TASKS[work].enqueue(token=token)


def waiting_bells(*, work: Work) -> Any:
    """Return the queue's rows of this kind that nobody has taken."""
    return DBTaskResult.objects.ready().filter(task_path=TASKS[work].module_path)
