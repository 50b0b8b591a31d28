# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a tenant: one holder at a time, whatever dies."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import time

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.lock import Holder, TenantLock, process_start


def holder(operation: str = "one", **changes) -> Holder:
    start = Holder(operation, "acme", "deploy", "ann", "control", "boot", os.getpid(), process_start(os.getpid()))
    return dataclasses.replace(start, **changes)


def rewrite(lock: TenantLock, **changes) -> None:
    with open(lock.path, encoding="utf-8") as stream:
        data = json.load(stream)
    with open(lock.path, "w", encoding="utf-8") as stream:
        json.dump(dict(data, **changes), stream)


def dead_process() -> tuple[int, int]:
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
    process.start()
    identity = process.pid, process_start(process.pid)
    process.kill()
    process.join()
    return identity


def test_second_operation_is_refused_with_the_name_of_the_holder(tmp_path):
    lock = TenantLock(str(tmp_path))
    lock.acquire(holder())
    with pytest.raises(TenantryError, match=r"locked by ann on control \(deploy, operation one") as caught:
        lock.acquire(holder("two"))
    assert caught.value.error_kind == "locked"
    assert caught.value.details["holder"]["operation"] == "one"


def test_each_holder_gets_a_larger_token_than_every_one_before(tmp_path):
    lock = TenantLock(str(tmp_path))
    tokens = []
    for name in ("one", "two", "three"):
        tokens.append(lock.acquire(holder(name)))
        assert lock.release(name, tokens[-1])
    assert tokens == sorted(set(tokens))


def test_waiting_gets_the_lock_when_it_is_released(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder())
    process = multiprocessing.get_context("fork").Process(target=lambda: (time.sleep(0.3), lock.release("one", token)))
    process.start()
    assert lock.acquire(holder("two"), wait=10) > token
    process.join()


def test_expired_lock_is_taken_over_and_its_old_holder_may_not_write(tmp_path):
    lock = TenantLock(str(tmp_path))
    old = lock.acquire(holder())
    rewrite(lock, heartbeat_at=time.time() - 1000)
    new = lock.acquire(holder("two"))
    with pytest.raises(TenantryError, match="lost its lock") as caught:
        lock.renew("one", old)
    assert caught.value.error_kind == "lock_lost"
    assert not lock.release("one", old)
    lock.renew("two", new)


def test_expired_lock_stays_while_a_process_of_it_still_works(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder())
    lock.renew("one", token, step="app", working=True)
    rewrite(lock, heartbeat_at=time.time() - 1000)
    with pytest.raises(TenantryError, match="locked"):
        lock.acquire(holder("two"))


def test_lock_of_a_dead_controller_is_taken_over_at_once_but_not_from_a_working_module(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder())
    lock.renew("one", token, step="app", working=True)
    with pytest.raises(TenantryError, match="locked"):
        lock.acquire(holder("two"), takeover=token)
    pid, start = dead_process()
    rewrite(lock, worker_pid=pid, worker_start=start)
    assert lock.acquire(holder("two"), takeover=token) > token


def test_a_step_that_only_waits_for_a_dead_controller_is_taken_over_and_told_so(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder())
    lock.renew("one", token, step="hook-pre_switch-slow", working=True)
    lock.keep_or_yield("one", token)
    lock.renew("one", token, step="hook-pre_switch-slow", working=True)  # the heartbeat of the same process
    with pytest.raises(TenantryError, match="its step hook-pre_switch-slow works on the node"):
        lock.acquire(holder("two"))
    assert lock.acquire(holder("two"), takeover=token) > token
    with pytest.raises(TenantryError, match="now held by ann on control") as caught:
        lock.keep_or_yield("one", token)
    assert caught.value.error_kind == "lock_lost"


def test_the_step_after_one_that_only_waited_is_not_taken_over(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder())
    lock.renew("one", token, step="hook-pre_switch-slow", working=True)
    lock.keep_or_yield("one", token)
    lock.renew("one", token, step="hook-pre_switch-slow")
    lock.renew("one", token, step="route", working=True)
    with pytest.raises(TenantryError, match="its step route works on the node"):
        lock.acquire(holder("two"), takeover=token)


def test_without_its_directory_a_lock_is_lost(tmp_path):
    with pytest.raises(TenantryError, match="no operation was begun") as caught:
        TenantLock(str(tmp_path / "missing")).renew("one", 1)
    assert caught.value.error_kind == "lock_lost"


def test_manual_lock_is_never_taken_over(tmp_path):
    lock = TenantLock(str(tmp_path))
    token = lock.acquire(holder(manual=True, message="moving the disk"))
    rewrite(lock, heartbeat_at=0)
    with pytest.raises(TenantryError, match="moving the disk"):
        lock.acquire(holder("two"), takeover=token)


def contend(directories, name: str, barrier, said) -> None:
    for directory in directories:
        barrier.wait(60)
        try:
            said.put((directory, TenantLock(directory).acquire(holder(name))))
        except TenantryError as error:
            said.put((directory, error.error_kind))


def test_of_eight_contenders_exactly_one_wins_in_each_of_a_hundred_rounds(tmp_path):
    directories = [str(tmp_path / str(turn)) for turn in range(100)]
    for turn, directory in enumerate(directories):
        os.mkdir(directory)
        if turn % 2:  # every other lock is that of a holder that missed its time
            lock = TenantLock(directory)
            lock.acquire(holder("dead"))
            rewrite(lock, heartbeat_at=0)
    context = multiprocessing.get_context("fork")
    barrier, said = context.Barrier(8), context.Queue()
    arguments = [(directories, f"op{number}", barrier, said) for number in range(8)]
    processes = [context.Process(target=contend, args=one) for one in arguments]
    for process in processes:
        process.start()
    results = [said.get(timeout=60) for _one in range(8 * len(directories))]
    for process in processes:
        process.join()
    for turn, directory in enumerate(directories):
        found = [result for where, result in results if where == directory]
        assert sorted(map(str, found)) == [str(turn % 2 + 1), *["locked"] * 7]


def hold(directory: str, ttl: int, told) -> None:
    lock = TenantLock(directory)
    token = lock.acquire(holder(ttl=ttl))
    lock.renew("one", token)
    told.put(token)
    time.sleep(600)


def test_a_killed_holder_blocks_no_longer_than_its_ttl_and_its_token_is_refused_afterwards(tmp_path):
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    process = context.Process(target=hold, args=(str(tmp_path), 2, told), daemon=True)
    process.start()
    token = told.get(timeout=60)
    process.kill()
    process.join()
    lock = TenantLock(str(tmp_path))
    began = time.monotonic()
    with pytest.raises(TenantryError, match="locked"):
        lock.acquire(holder("two"))
    new = lock.acquire(holder("two"), wait=20)
    assert time.monotonic() - began < 2 + 1.5  # it looks once a second
    assert new > token
    with pytest.raises(TenantryError, match="lost its lock"):
        lock.renew("one", token)
    assert not lock.release("one", token)
