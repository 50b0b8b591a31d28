# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make build``: the tarball, and whether it works where nothing else of this repository is."""

from __future__ import annotations

import shutil
import sys
import tarfile
import typing as t
from pathlib import Path

import yaml
from places import BUILD, NEWEST, OLDEST, ROOT, Core, copied_files
from stage import Stage, Verdict

DIST = BUILD / "dist"
INSTALLED = BUILD / "installed"
ELSEWHERE = INSTALLED / "elsewhere"
# Made by ansible-galaxy in place of galaxy.yml.
MADE = {"MANIFEST.json", "FILES.json"}
LEFT_OUT = ("galaxy.yml", ".github/")


def tarball() -> Path:
    """Path of the tarball for the version in galaxy.yml."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    return DIST / f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz"


def contents() -> t.Iterator[str]:
    """Files that are in the tarball and should not be, or the other way round."""
    with tarfile.open(tarball()) as archive:
        packed = {member.name for member in archive.getmembers() if not member.isdir()}
    wanted = {name for name in copied_files() if not name.startswith(LEFT_OUT)} | MADE
    yield from (
        f"in the tarball, not in the repository: {name} (build_ignore in galaxy.yml)" for name in packed - wanted
    )
    yield from (
        f"in the repository, not in the tarball: {name} (build_ignore in galaxy.yml)" for name in wanted - packed
    )


def plugins(kind: str) -> list[str]:
    """Full names of the plugins of one kind, by their files."""
    files = (ROOT / "plugins" / {"module": "modules"}.get(kind, kind)).glob("*.py")
    return sorted(f"tenantry.platform.{path.stem}" for path in files if not path.stem.startswith("_"))


def listed(names: list[str]) -> t.Callable[[list[str]], Verdict]:
    """Each name begins a line of the output."""

    def verdict(lines: list[str]) -> Verdict:
        there = {line.split()[0] for line in lines if line.strip()}
        missing = [name for name in names if name not in there]
        problems = (f"not listed: {', '.join(missing)}",) if missing else ()
        return Verdict(1 - len(problems), len(problems), problems)

    return verdict


def environment_of(core: Core) -> dict[str, str]:
    """Nothing but the installed collection, whatever this user has configured."""
    return core.environment(ANSIBLE_COLLECTIONS_PATH=str(INSTALLED), ANSIBLE_CONFIG=str(ELSEWHERE / "ansible.cfg"))


def try_installed(stage: Stage, core: Core) -> None:
    """What a user does first, far from this checkout: list the documentation, check the playbooks."""
    environment = core.environment(
        ANSIBLE_COLLECTIONS_PATH=str(INSTALLED), ANSIBLE_CONFIG=str(ELSEWHERE / "ansible.cfg")
    )
    for kind in ("module", "inventory", "callback", "filter"):
        names = plugins(kind)
        if names:
            command = [core.tool("ansible-doc"), "--type", kind, "--list", "tenantry.platform"]
            title = f"ansible-doc knows {len(names)} {kind} plugins, ansible-core {core.version()}"
            stage.check(title, command, ELSEWHERE, environment, judge=listed(names))
    names = sorted(f"tenantry.platform.{path.stem}" for path in (ROOT / "playbooks").glob("*.yml"))
    if names:
        command = [core.tool("ansible-playbook"), "--syntax-check", "--inventory", "localhost,", *names]
        stage.check(f"syntax of {len(names)} playbooks, ansible-core {core.version()}", command, ELSEWHERE, environment)


def try_plain_clone(stage: Stage, core: Core) -> None:
    """``cd playbooks && ansible-playbook deploy.yml``: the configuration and the link beside the playbooks suffice."""
    environment = core.environment()
    for name in ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG"):
        environment.pop(name, None)
    command = [core.tool("ansible-playbook"), "--syntax-check", "--inventory", "localhost,", "deploy.yml"]
    stage.check(f"syntax in a plain clone, ansible-core {core.version()}", command, ROOT / "playbooks", environment)


def main() -> int:
    """Build, look inside, install, try."""
    stage = Stage("build")
    shutil.rmtree(INSTALLED, ignore_errors=True)
    ELSEWHERE.mkdir(parents=True)
    (ELSEWHERE / "ansible.cfg").touch()
    galaxy = [NEWEST.tool("ansible-galaxy"), "collection"]
    build = [*galaxy, "build", str(ROOT), "--output-path", str(DIST), "--force"]
    install = [*galaxy, "install", str(tarball()), "--collections-path", str(INSTALLED), "--no-deps"]
    environment = environment_of(NEWEST)
    for core in (NEWEST, OLDEST):
        try_plain_clone(stage, core)
    if stage.check("build", build, env=environment):
        stage.call("contents of the tarball", contents)
        if stage.check("install into an empty directory", install, env=environment):
            for core in (NEWEST, OLDEST):
                try_installed(stage, core)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
