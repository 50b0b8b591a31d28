# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue: jobs wait in a Redis list, a worker takes one at a time, a scheduler adds one now and then."""

from __future__ import annotations

import json
import signal
import threading
import uuid

import redis

from sample import health, settings

WAITING = "jobs"
DOING = "jobs:doing"
DONE = "jobs:done"
Error = redis.RedisError


def connect() -> redis.Redis:
    """A client; it connects on first use and raises ``redis.RedisError`` when the server does not answer."""
    return redis.Redis(
        host=settings.text("REDIS_HOST"),
        port=int(settings.number("REDIS_PORT", 6379)),
        password=settings.secret("REDIS_PASSWORD"),
        socket_connect_timeout=3,
        socket_timeout=10,
        decode_responses=True,
    )


def put(client: redis.Redis, by: str) -> str:
    """Add one job; gives its id."""
    job = {"id": uuid.uuid4().hex, "by": by}
    client.lpush(WAITING, json.dumps(job))
    return job["id"]


def counts(client: redis.Redis) -> dict[str, int]:
    """How many jobs wait, are being done, and were done."""
    return {
        "waiting": client.llen(WAITING),
        "doing": client.llen(DOING),
        "done": int(client.get(DONE) or 0),
    }


def _stopping() -> threading.Event:
    """An event that SIGTERM sets."""
    event = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: event.set())
    return event


def _do(stop_soon: threading.Event) -> None:
    """One job is ``JOB_SECONDS`` of waiting; it is finished even when the program is asked to stop meanwhile."""
    left = settings.number("JOB_SECONDS", 0.2)
    never = threading.Event()
    while left > 0:
        health.beat()
        never.wait(min(left, 1.0))
        left -= 1.0
    if stop_soon.is_set():
        settings.say("finished the current job before stopping")


def work() -> int:
    """Take jobs until SIGTERM; gives 0."""
    stopping = _stopping()
    client = connect()
    settings.say(f"worker {settings.identity()['version']} starts")
    while not stopping.is_set():
        try:
            raw = client.brpoplpush(WAITING, DOING, timeout=1)
            health.beat()
            if raw is None:
                continue
            _do(stopping)
            with client.pipeline() as transaction:
                transaction.lrem(DOING, 1, raw)
                transaction.incr(DONE)
                transaction.execute()
        except redis.RedisError as error:
            settings.say(f"queue does not answer, trying again: {error}")
            stopping.wait(1)
    settings.say("worker stopped")
    return 0


def schedule() -> int:
    """Add a job every ``SCHEDULE_SECONDS`` until SIGTERM; gives 0."""
    stopping = _stopping()
    client = connect()
    every = settings.number("SCHEDULE_SECONDS", 5)
    settings.say(f"scheduler {settings.identity()['version']} starts, a job every {every:g} s")
    while not stopping.is_set():
        try:
            put(client, "scheduler")
            health.beat()
        except redis.RedisError as error:
            settings.say(f"queue does not answer, trying again: {error}")
        stopping.wait(every)
    settings.say("scheduler stopped")
    return 0
