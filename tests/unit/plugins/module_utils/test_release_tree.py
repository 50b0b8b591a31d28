# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases on disk: finished or not there, current or not, never half."""

from __future__ import annotations

import errno
import hashlib
import os
import pathlib
import shutil

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import durable, release_states, replay
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree

IDS = [f"20261121T0{hour}0000Z-0000000{hour}" for hour in range(1, 9)]


def entry(path="compose.yaml", content="{}\n", mode="0640", **more):
    return dict({"path": path, "content": content, "mode": mode, "owner": os.geteuid()}, **more)


def manifest(release, files=()):
    described = {
        one["path"]: {
            "sha256": hashlib.sha256(one["content"].encode()).hexdigest(),
            "mode": one["mode"],
            "owner": one["owner"],
            "base": one.get("base", "release"),
        }
        for one in files
    }
    return {
        "schema": 1,
        "tenant": "acme",
        "release": release,
        "files": described,
        "records": [],
        "images": {"web": {"name": "reg/app:1.0"}},
    }


def prepare(tree, release, *files):
    files = list(files) or [entry()]
    tree.prepare(release, files, manifest(release, files))
    return tree


@pytest.fixture
def tree(tmp_path):
    return ReleaseTree(str(tmp_path), "acme")


def test_prepared_release_is_whole_and_not_current(tree):
    prepare(tree, IDS[0], entry("secrets/web/token", "s3cret", "0400"))
    assert tree.manifest(IDS[0])["release"] == IDS[0]
    path = os.path.join(tree.directory(IDS[0]), "secrets/web/token")
    assert oct(os.stat(path).st_mode & 0o777) == "0o400"
    assert tree.current() is None


def test_activation_moves_the_link_and_returns_the_release_before(tree):
    for release in IDS[:2]:
        prepare(tree, release)
    assert tree.activate(IDS[0]) is None
    assert tree.activate(IDS[1]) == IDS[0]
    assert os.readlink(tree.current_link) == f"releases/{IDS[1]}"
    assert tree.activate(IDS[1]) == IDS[1]


def test_unfinished_release_cannot_become_current(tree):
    tree.ensure()
    os.mkdir(tree.directory(IDS[0]))
    with pytest.raises(TenantryError, match=r"has no RELEASE.json: it was never finished") as caught:
        tree.activate(IDS[0])
    assert caught.value.error_kind == "unfinished"


def test_bad_release_is_never_chosen_again(tree):
    prepare(tree, IDS[0])
    assert tree.mark_bad(IDS[0], {"reason": "it never got healthy"})
    assert not tree.mark_bad(IDS[0], {"reason": "again"})
    with pytest.raises(TenantryError, match="it never got healthy"):
        tree.activate(IDS[0])


def test_full_disk_leaves_nothing_of_the_new_release(tree, monkeypatch):
    prepare(tree, IDS[0])
    tree.activate(IDS[0])
    write = os.write

    def full(descriptor, data):
        if bytes(data[:4]) == b"full":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(durable.os, "write", full)
    with pytest.raises(TenantryError, match="no room on the disk") as caught:
        prepare(tree, IDS[1], entry(), entry("route.yml", "full"))
    assert caught.value.error_kind == "disk_full"
    assert tree.releases() == [IDS[0]]
    assert tree.current() == IDS[0]


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", ".", ""])
def test_file_paths_stay_inside_the_release(tree, path):
    with pytest.raises(TenantryError, match="not a path inside"):
        prepare(tree, IDS[0], entry(path))
    assert tree.releases() == []


def test_shared_files_outlive_releases_and_are_kept_when_equal(tree):
    secret = entry("secrets/postgres/password", "pw", "0400", base="shared")
    prepare(tree, IDS[0], secret)
    path = os.path.join(tree.shared_path, secret["path"])
    inode = os.stat(path).st_ino
    prepare(tree, IDS[1], secret)
    assert os.stat(path).st_ino == inode
    prepare(tree, IDS[2], dict(secret, content="new"))
    assert pathlib.Path(path).read_text(encoding="utf-8") == "new"


def test_changed_files_are_told_by_content_and_mode(tree):
    files = [entry(), entry("route.yml", "[]\n")]
    prepare(tree, IDS[0], *files)
    written = tree.manifest(IDS[0])
    assert tree.changed_files(IDS[0], written) == []
    os.chmod(os.path.join(tree.directory(IDS[0]), "compose.yaml"), 0o600)
    with open(os.path.join(tree.directory(IDS[0]), "route.yml"), "a", encoding="utf-8") as stream:
        stream.write("#")
    assert tree.changed_files(IDS[0], written) == ["compose.yaml", "route.yml"]


@pytest.mark.parametrize("target", ["releases/20200101T000000Z-ffffffff", "../other/releases/x", "/tmp"])
def test_a_moved_link_is_an_error_that_says_so(tree, target):
    tree.ensure()
    os.symlink(target, tree.current_link)
    with pytest.raises(TenantryError) as caught:
        tree.current()
    assert caught.value.error_kind in ("corrupt", "invalid")


def test_what_was_made_current_is_known_wherever_the_link_points(tree):
    for release in IDS[:2]:
        prepare(tree, release)
    params = {"root": os.path.dirname(tree.path), "tenant": "acme", "operation": None}
    release_states.run({**params, "state": "active", "release": IDS[1]}, False)
    assert (tree.applied(), tree.linked()) == (IDS[1], IDS[1])
    os.unlink(tree.current_link)
    assert (tree.applied(), tree.linked()) == (IDS[1], None)
    for target, linked in ((f"releases/{IDS[0]}", IDS[0]), (f"/tmp/{IDS[1]}", f"/tmp/{IDS[1]}")):
        os.symlink(target, tree.current_link)
        assert (tree.applied(), tree.linked()) == (IDS[1], linked)
        os.unlink(tree.current_link)
    os.symlink(f"releases/{IDS[0]}", tree.current_link)
    release_states.run({**params, "state": "stopped"}, False)
    assert tree.applied() == IDS[1]
    # A release that is gone was not applied; then the link counts.
    tree.remove(IDS[1])
    assert tree.applied() == IDS[0]


def test_retention_keeps_current_previous_and_good_ones_by_name(tree):
    for release in IDS[:7]:
        prepare(tree, release)
    tree.mark_bad(IDS[4], {"reason": "x"})
    tree.activate(IDS[6])
    os.utime(tree.directory(IDS[0]))  # the newest by time, still the oldest by name
    assert tree.prunable(keep=2) == [IDS[0], IDS[1], IDS[4]]


def test_current_release_cannot_be_removed(tree):
    prepare(tree, IDS[0])
    tree.activate(IDS[0])
    with pytest.raises(TenantryError, match="is current"):
        tree.remove(IDS[0])


@pytest.mark.parametrize("name", ["", "Acme", "a/b", "..", "acme\n", "-a", "a" * 33])
def test_names_that_are_no_tenant_never_become_a_path(tmp_path, name):
    with pytest.raises(TenantryError, match="not the name of a tenant"):
        ReleaseTree(str(tmp_path), name)


def module_params(tree, **changes):
    params = {
        "state": "prepared",
        "root": os.path.dirname(tree.path),
        "tenant": "acme",
        "release": IDS[0],
        "files": [entry()],
        "secret_files": [],
        "manifest": manifest(IDS[0], [entry()]),
        "reason": None,
        "keep": 5,
        "pinned": [],
        "operation": None,
    }
    return dict(params, **changes)


def test_check_mode_predicts_and_writes_nothing(tree):
    predicted = release_states.run(module_params(tree), check_mode=True)
    assert not os.path.exists(tree.path)
    done = release_states.run(module_params(tree), check_mode=False)
    assert predicted == done
    assert not release_states.run(module_params(tree), check_mode=False)["changed"]


def test_secrets_are_not_in_the_diff(tree):
    secret = entry("secrets/web/token", "s3cret", "0400")
    result = release_states.run(
        module_params(tree, secret_files=[secret], manifest=manifest(IDS[0], [entry(), secret])), check_mode=False
    )
    assert "s3cret" not in str(result)


def test_removing_a_tenant_keeps_the_record_of_its_operations(tree):
    release_states.run(module_params(tree), check_mode=False)
    release_states.run(module_params(tree, state="active"), check_mode=False)
    assert release_states.run(module_params(tree, state="absent", release=None), check_mode=False)["changed"]
    assert not release_states.run(module_params(tree, state="absent", release=None), check_mode=False)["changed"]
    assert os.listdir(tree.path) == [".deploy"]
    assert "removed" in pathlib.Path(tree.deploy_path, "releases.jsonl").read_text(encoding="utf-8")


def test_a_removal_ends_what_one_that_was_killed_left(tree):
    remove = module_params(tree, state="absent", release=None)
    release_states.run(module_params(tree), check_mode=False)
    secret = pathlib.Path(tree.shared_path, "secrets", "password")
    secret.parent.mkdir(parents=True)
    secret.write_text("one", encoding="utf-8")
    shutil.rmtree(tree.releases_path)
    assert release_states.run(remove, check_mode=True)["changed"]
    assert secret.exists()
    assert release_states.run(remove, check_mode=False)["changed"]
    # Whatever begins an operation makes the directories, and there is nothing in them.
    tree.ensure()
    assert not release_states.run(remove, check_mode=False)["changed"]
    assert os.listdir(tree.path) == [".deploy"]


def test_pruning_removes_secrets_of_backing_services_that_no_release_names(tree):
    def secret(version):
        return entry(f"secrets/postgres/password-{version}", version, "0400", base="shared")

    for release, version in zip(IDS, "aabc"):
        prepare(tree, release, secret(version))
    tree.activate(IDS[3])
    params = {"root": os.path.dirname(tree.path), "tenant": "acme", "state": "pruned", "keep": 0, "pinned": []}
    params["operation"] = None
    expected = ["secrets/postgres/password-a"]
    for check_mode in (True, False):
        result = release_states.run(params, check_mode)
        assert (result["changed"], result["pruned_secrets"]) == (True, expected)
    assert sorted(os.listdir(os.path.join(tree.shared_path, "secrets/postgres"))) == ["password-b", "password-c"]
    assert release_states.run(params, False)["changed"] is False


@pytest.mark.parametrize("target", ["releases/nowhere", "/nowhere", f"releases/{IDS[1]}"])
def test_a_link_that_leads_nowhere_is_corrupt_and_hides_no_release(tree, target):
    prepare(tree, IDS[0])
    os.symlink(target, tree.current_link)
    root = os.path.dirname(tree.path)
    with pytest.raises(TenantryError) as caught:
        release_states.read(root, "acme", None)
    assert caught.value.error_kind == "corrupt"
    assert release_states.read(root, "acme", IDS[0])["manifest"]["release"] == IDS[0]
    assert tree.activate(IDS[0]) is None
    assert tree.current() == IDS[0]


# -- what served before --------------------------------------------------------------------------------------------


def applied(tree, *releases):
    """Activate releases one after the other, as the module does."""
    for release in releases:
        params = {"root": os.path.dirname(tree.path), "tenant": "acme", "state": "active", "release": release}
        release_states.run({**params, "operation": None}, False)


def test_going_back_goes_on_backwards_and_never_to_what_was_left(tree):
    for release in IDS[:4]:
        prepare(tree, release)
    applied(tree, IDS[0], IDS[1], IDS[2])
    assert tree.before(IDS[2]) == IDS[1]
    applied(tree, IDS[1])
    assert tree.before(IDS[1]) == IDS[0]
    applied(tree, IDS[3])
    assert tree.before(IDS[3]) == IDS[1]
    assert tree.before(IDS[0]) is None


def test_going_back_skips_what_is_bad_or_gone(tree):
    for release in IDS[:4]:
        prepare(tree, release)
    applied(tree, *IDS[:4])
    tree.mark_bad(IDS[2], {"reason": "x"})
    tree.remove(IDS[1])
    assert tree.before(IDS[3]) == IDS[0]


def test_without_a_history_the_release_before_is_the_next_older_good_one(tree):
    for release in IDS[:3]:
        prepare(tree, release)
    tree.mark_bad(IDS[1], {"reason": "x"})
    tree.activate(IDS[2])
    assert tree.before(IDS[2]) == IDS[0]


def test_a_cut_line_of_the_history_is_left_out(tree):
    prepare(tree, IDS[0])
    applied(tree, IDS[0])
    with open(os.path.join(tree.deploy_path, "releases.jsonl"), "a", encoding="utf-8") as stream:
        stream.write('{"event": "act')
    assert [event["event"] for event in tree.history()] == ["active"]


def test_retention_after_a_rollback_keeps_what_was_left_and_what_came_before(tree):
    for release in IDS[:6]:
        prepare(tree, release)
    applied(tree, *IDS[:6])
    applied(tree, IDS[2])
    assert tree.prunable(keep=1) == [IDS[0], IDS[3], IDS[4]]


# -- choosing ------------------------------------------------------------------------------------------------------


def test_a_release_that_is_asked_for_must_be_whole_and_good(tree):
    for release in IDS[:3]:
        prepare(tree, release, entry("compose.yaml", "{}"))
    applied(tree, IDS[0], IDS[1])
    tree.mark_bad(IDS[2], {"reason": "unhealthy"})
    assert replay.choose(tree, IDS[1], "previous")["release"] == IDS[0]
    assert replay.choose(tree, IDS[0], "previous")["why"] == f"no good release served before {IDS[0]}"
    assert replay.choose(tree, None, "previous")["why"] == "it has no release"
    assert "marked bad (unhealthy)" in replay.choose(tree, IDS[1], IDS[2])["why"]
    assert f"is not there; there are {IDS[0]}, {IDS[1]}" in replay.choose(tree, IDS[1], IDS[5])["why"]
    with open(os.path.join(tree.directory(IDS[0]), "compose.yaml"), "w", encoding="utf-8") as stream:
        stream.write("{ }")
    assert "were edited: compose.yaml" in replay.choose(tree, IDS[1], IDS[0])["why"]
