# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input and servers that are down: a clear error, and nothing changed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess

import demo
import demo_check
import pytest
from conftest import wait_for


@pytest.fixture(scope="module")
def served(fleet):
    """A tenant that serves before and after."""
    name = fleet.add("e2e-served")
    assert fleet.play("deploy", "--limit", name).code == 0
    return name


@contextlib.contextmanager
def unchanged(fleet, name):
    """Containers, release and answer of a tenant are the same before and after."""
    before = fleet.containers(), fleet.current(name), fleet.version(name)
    yield
    assert (fleet.containers(), fleet.current(name), fleet.version(name)) == before


@contextlib.contextmanager
def pending(fleet, name):
    """A change in the database that a deploy would apply; taken back afterwards."""
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", name)
    try:
        yield
    finally:
        fleet.sql("UPDATE tenants SET version = NULL WHERE name = ?", name)


def test_no_docker(fleet, served, tmp_path):
    with unchanged(fleet, served), pending(fleet, served):
        run = fleet.play("deploy", DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert run.code != 0
    assert f"{tmp_path}/no.sock" in run.text
    assert re.search(rf"^{served} +unknown ", run.text, re.MULTILINE)


def test_database_file_missing(fleet, tmp_path):
    missing = tmp_path / "missing.sqlite"
    run = fleet.play("deploy", TENANTRY_DATABASE=f"sqlite:///{missing}")
    assert run.code != 0
    assert str(missing) in run.text
    assert not missing.exists()


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_schema_of_another_version(fleet, served, revision):
    ((known,),) = fleet.sql("SELECT version_num FROM schema_version")
    fleet.sql("UPDATE schema_version SET version_num = ?", revision)
    try:
        with unchanged(fleet, served):
            run = fleet.play("deploy")
    finally:
        fleet.sql("UPDATE schema_version SET version_num = ?", known)
    assert run.code != 0
    assert "schema" in run.text


def test_tenant_unknown_to_the_limit(fleet, served):
    with unchanged(fleet, served):
        run = fleet.play("deploy", "--limit", "nobody")
    assert run.code != 0
    assert "nobody" in run.text


def test_image_not_in_the_registry(fleet, served):
    fleet.sql("UPDATE tenants SET version = '9.9.9' WHERE name = ?", served)
    try:
        with unchanged(fleet, served):
            run = fleet.play("deploy", "--limit", served)
    finally:
        fleet.sql("UPDATE tenants SET version = NULL WHERE name = ?", served)
    assert run.code != 0
    assert "sample:9.9.9" in run.text


def test_registry_down(fleet, served):
    # A registry that is down is a port where nobody listens; the estate's own serves other tests.
    ((registry,),) = fleet.sql("SELECT value FROM settings WHERE name = 'default_registry'")
    fleet.sql("UPDATE settings SET value = '127.0.0.1:9' WHERE name = 'default_registry'")
    try:
        with unchanged(fleet, served), pending(fleet, served):
            run = fleet.play("deploy", "--limit", served)
    finally:
        fleet.sql("UPDATE settings SET value = ? WHERE name = 'default_registry'", registry)
    assert run.code != 0
    assert "127.0.0.1:9" in run.text
    assert "registry" in run.text


def test_disk_full_while_a_release_is_written(fleet, served):
    releases = fleet.tenants_root / served / "releases"
    kept = fleet.tenants_root / served / "kept"
    os.rename(releases, kept)
    os.mkdir(releases)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", releases], check=True)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", releases], check=True)
        with unchanged(fleet, served), pending(fleet, served):
            (releases / "filler").write_bytes(b"x" * room(releases))
            run = fleet.play("deploy", "--limit", served)
        left = sorted(os.listdir(releases))
    finally:
        subprocess.run(["umount", releases], check=True)
        os.rmdir(releases)
        os.rename(kept, releases)
    assert run.code != 0
    assert "no room on the disk" in run.text
    assert len(left) == 2  # the current release and the filler


def room(path) -> int:
    """Bytes that are free on the filesystem of ``path``, less a little."""
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize - 4096


def test_proxy_down(fleet, served):
    before = fleet.containers(served), fleet.current(served)
    proxy = demo_check.docker("ps", "-q", "--filter", "label=com.docker.compose.project=tenantry-edge")
    demo_check.docker("stop", proxy)
    try:
        with pending(fleet, served):
            run = fleet.play("deploy")
    finally:
        demo_check.docker("start", proxy)
    assert run.code != 0
    assert "Traefik" in run.text
    assert re.search(rf"^{served} +unknown ", run.text, re.MULTILINE)
    assert (fleet.containers(served), fleet.current(served)) == before
    wait_for(lambda: fleet.version(served) == f"{served} 1.0.0")


def test_name_server_down(fleet, served):
    server = demo_check.docker("ps", "-q", "--filter", "label=com.docker.compose.project=tenantry-nameserver")
    demo_check.docker("stop", server)
    try:
        with pending(fleet, served):
            before = fleet.containers(served), fleet.version(served)
            run = fleet.play("deploy")
            assert (fleet.containers(served), fleet.version(served)) == before
    finally:
        demo_check.docker("start", server)
        wait_for(lambda: fleet.asker.dig(f"{served}.{demo.ZONE}"))
    assert run.code != 0
    assert f"zone {demo.ZONE}" in run.text
    assert re.search(rf"^{served} +unknown ", run.text, re.MULTILINE)


def test_wrong_key_for_the_name_server(fleet, served):
    key = demo.STATE / "nameserver" / "api-key"
    right = key.read_bytes()
    key.write_bytes(b"wrong-key")
    try:
        with unchanged(fleet, served), pending(fleet, served):
            run = fleet.play("deploy")
    finally:
        key.write_bytes(right)
    assert run.code != 0
    assert "401" in run.text or "key" in run.text
    assert "wrong-key" not in run.text
