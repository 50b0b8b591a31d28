# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make lint``: everything that can be said about the files without running them."""

from __future__ import annotations

import re
import sys
import typing as t
from pathlib import Path

import promtool
import yaml
from places import CACHE, NEWEST, ROOT, copied_files
from stage import Stage
from tree import copy

COLLECTION = "ansible_collections.tenantry.platform"

# Paths of one machine have no place in a public collection: they work for one person only. The pattern is put
# together from parts so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join(["(^|[^a-z0-9_.])/" + "work/", r"\.libr" + "ary/", "/opt/tenantry-" + "(dev|216)"]))


def machine_paths() -> t.Iterator[str]:
    """Lines of text files that name a path of one machine."""
    for name in copied_files():
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        yield from (
            f"{name}:{i}: {line.strip()[:120]}" for i, line in enumerate(lines, 1) if MACHINE_PATHS.search(line)
        )


def shell_scripts() -> list[str]:
    """Shell scripts of the checkout, by shebang."""
    scripts = []
    for name in copied_files():
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        with open(path, "rb") as file:
            first = file.readline(80)
        if first.startswith(b"#!") and re.search(rb"\b(ba|da)?sh\b", first):
            scripts.append(name)
    return scripts


def action_groups() -> t.Iterator[str]:
    """Modules that extend a documentation fragment and are not in the action group of its name, or the other way."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "plugins" / "modules").glob("*.py")}
    for group, members in runtime["action_groups"].items():
        extends = re.compile(rf"^ +- tenantry\.platform\.{group}$", re.MULTILINE)
        users = {name for name, text in modules.items() if extends.search(text)}
        yield from (
            f"meta/runtime.yml: {name} belongs into action group {group}" for name in sorted(users - set(members))
        )
        yield from (f"meta/runtime.yml: {name} does not belong into {group}" for name in sorted(set(members) - users))


def main() -> int:
    """Run every check; the cheapest come first."""
    stage = Stage("lint")
    tool = NEWEST.tool
    python = [name for name in copied_files() if name.endswith(".py")]
    documents = [name for name in copied_files() if name.endswith((".yml", ".yaml"))]
    collection = copy(NEWEST)
    inside = NEWEST.environment(XDG_CACHE_HOME=str(CACHE), NO_COLOR="1")

    stage.check("ruff check", [tool("ruff"), "check", *python])
    stage.check("ruff format", [tool("ruff"), "format", "--check", *python])
    mypy = [tool("mypy"), "--config-file", str(ROOT / "mypy.ini"), "--cache-dir", str(CACHE / "mypy")]
    packages = [f"{COLLECTION}.plugins.{room}" for room in ("module_utils", "plugin_utils")]
    stage.check("mypy: utils", [*mypy, *(word for name in packages for word in ("-p", name))], NEWEST.collections)
    rooms = [ROOT / "tests" / name for name in ("tools", "bench", "load", "faults")]
    scripts = [str(path) for room in rooms for path in sorted(room.glob("*.py"))]
    stage.check("mypy: tools", [*mypy, *scripts], env={**inside, "MYPYPATH": ":".join(map(str, rooms))})
    stage.check("yamllint", [tool("yamllint"), "--strict", *documents])
    stage.check("shellcheck", [tool("shellcheck"), *shell_scripts()])
    stage.call("no file names a path of one machine", machine_paths)
    stage.call("action groups", action_groups)
    prometheus = str(promtool.path())
    rules = sorted(map(str, (ROOT / "extensions" / "prometheus" / "rules").glob("*.yml")))
    stage.check("alert rules", [prometheus, "check", "rules", *rules])
    tests = sorted(map(str, (ROOT / "tests" / "prometheus").glob("*_test.yml")))
    stage.check("alert rules: when they fire", [prometheus, "test", "rules", *tests])
    stage.check("role READMEs", [sys.executable, str(Path(__file__).with_name("role_readmes.py")), "--check"])
    stage.check("changelog", [tool("antsibull-changelog"), "lint"], cwd=collection)
    # Names other plugins and options as it renders them: a reference to something that is gone is an error.
    documentation = [tool("antsibull-docs"), "lint-collection-docs", "--plugin-docs", "--skip-rstcheck"]
    stage.check("documentation", [*documentation, "--validate-collection-refs", "self", str(collection)], env=inside)
    linter = [tool("ansible-lint"), "--profile", "production", "--strict", "--offline"]
    stage.check("ansible-lint", linter, cwd=collection, env=inside)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
