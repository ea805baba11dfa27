"""What a probe hears."""

import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from agents.models import Heartbeat
from hitl_dashboard import embedded_redis, health
from tests.cast import a_task
from tests.hitl_dashboard.conftest import Start

pytestmark = pytest.mark.django_db


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/healthz")
    return answer.status_code, answer.json()


@pytest.fixture
def well(server: embedded_redis.Server, start: Start, settings: Any) -> Any:
    """The process of a Redis that answers; a worker has just said that it lives."""
    settings.REDIS_URL = server.url
    Heartbeat.objects.create(worker="one:1")
    return start()


def test_anybody_hears_that_all_is_well(client: Client, well: Any) -> None:
    status, said = asked(client)
    assert (status, said["status"]) == (200, "ok")
    assert said["worker"]["last_heartbeat_age_seconds"] < 5
    assert said["runnable"] == {"ok": True, "oldest_age_seconds": None}


def test_a_worker_that_has_gone_silent_is_told(client: Client, well: Any) -> None:
    Heartbeat.objects.update(at=Now() - timedelta(seconds=31))
    status, said = asked(client)
    assert (status, said["status"], said["worker"]["ok"]) == (503, "bad", False)
    assert 31 <= said["worker"]["last_heartbeat_age_seconds"] < 40


def test_no_worker_at_all_is_told(client: Client, well: Any) -> None:
    Heartbeat.objects.all().delete()
    status, said = asked(client)
    assert status == 503 and said["worker"] == {"ok": False, "last_heartbeat_age_seconds": None}


@pytest.mark.parametrize(("seconds", "status"), [(20, 200), (31, 503)])
def test_work_that_nobody_takes_is_told(client: Client, well: Any, seconds: int, status: int) -> None:
    a_task(runnable_at=Now() - timedelta(seconds=seconds))
    assert asked(client)[0] == status


@pytest.mark.parametrize("changes", [{"state": "PAUSED"}, {"leased_until": Now() + timedelta(seconds=60)}])
def test_work_that_waits_for_a_person_or_is_in_hand_is_no_alarm(client: Client, well: Any, changes: Any) -> None:
    a_task(runnable_at=Now() - timedelta(seconds=300), **changes)
    assert asked(client)[0] == 200


def test_a_redis_that_is_gone_is_told(client: Client, well: Any) -> None:
    well.kill()
    well.wait()
    status, said = asked(client)
    assert (status, said["redis"]["ok"], said["database"]["ok"]) == (503, False, True)


def test_nobody_waits_for_a_mute_redis(client: Client, well: Any) -> None:
    well.send_signal(signal.SIGSTOP)
    status, said = asked(client)
    assert (status, said["redis"]["ok"]) == (503, False)
    assert health.PATIENCE_SECONDS <= 2
