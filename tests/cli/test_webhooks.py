"""Webhooks from the command line: registered, tested, replayed and removed."""

import subprocess
import sys
from dataclasses import replace

from tests.cli.conftest import Program
from tests.webhook_server import webhook_receiver


def work_once(program: Program) -> int:
    command = [sys.executable, "-m", "billow.interfaces.jobs", "--once"]
    return subprocess.run(command, env=program.variables, check=False, timeout=60).returncode


def test_a_webhook_from_its_registration_to_its_end(billow: Program) -> None:
    program = replace(billow, variables={**billow.variables, "BILLOW_WEBHOOK_NETWORKS": "127.0.0.0/8"})
    with webhook_receiver() as receiver:
        added = program.ok("webhooks", "add", receiver.url, "--description", "ERP", "--event", "invoice.approved")
        assert added["secret"].startswith("whsec_")
        tested = program.ok("webhooks", "test", "ERP")
        assert tested["status"] == "queued"
        assert work_once(program) == 0
        assert receiver.types == ["webhook.test"]
        assert receiver.received[0].is_signed_with(added["secret"])
    listed = program.ok("webhooks", "list")["webhooks"]
    assert [(each["description"], each["event_types"], each["active"]) for each in listed] == [
        ("ERP", ["invoice.approved"], True)
    ]
    assert "secret" not in listed[0]
    shown = program.ok("webhooks", "show", "ERP")
    assert [(call["type"], call["status"]) for call in shown["calls"]] == [("webhook.test", "accepted")]
    assert [attempt["response_status"] for attempt in shown["calls"][0]["attempts"]] == [200]
    assert program.ok("webhooks", "replay", "ERP", "--event", tested["event_token"]) == {"replayed": 1}
    rotated = program.ok("webhooks", "rotate", "ERP", "--overlap", "2")
    assert rotated["secret"] != added["secret"]
    assert program.ok("webhooks", "set", "ERP", "--off")["active"] is False
    assert program.refused("webhooks", "replay", "ERP", "--failed-since", "2026-01-01") == ["webhook_off"]
    assert program.ok("webhooks", "set", "ERP", "--on", "--all-events")["event_types"] == []
    assert program.ok("webhooks", "replay", "ERP", "--failed-since", "2026-01-01") == {"replayed": 1}
    assert program.refused("webhooks", "remove", "ERP") == ["confirmation_needed"]
    program.ok("webhooks", "remove", "ERP", "--yes")
    assert program.ok("webhooks", "list") == {"webhooks": []}


def test_what_cannot_be_called_is_refused_by_its_reason(billow: Program) -> None:
    assert billow.refused("webhooks", "add", "http://example.com/") == ["wrong_url"]
    assert billow.refused("webhooks", "add", "https://169.254.169.254/latest") == ["wrong_url"]
    assert billow.refused("webhooks", "add", "https://example.com/", "--event", "invoice.paid") == [
        "unknown_event_type"
    ]
    assert billow.refused("webhooks", "show", "nothing") == ["not_found"]
    assert billow.run("webhooks", "replay", "x", "--failed-since", "yesterday").code == 2
