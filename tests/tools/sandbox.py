# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test needs around it so that it runs on any machine, with or without a way to its download host."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

from places import CACHE, Core, number, path_without_shims, python_for
from stage import Stage, Verdict, junit

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

GET_PIP = '''\
"""Stands in for get-pip.py: installs pip from the wheel beside this file, or from the configured package index."""

import sys

sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main

unknown = ("--no-setuptools", "--no-wheel")
sys.exit(main(["install", "--upgrade", "--force-reinstall", *(word for word in sys.argv[1:] if word not in unknown)]))
'''


def prepare_home(core: Core) -> None:
    """A home directory for ansible-test: its downloads already there, and the pip settings of this user.

    ansible-test bootstraps pip with a script from a host of its own, which many networks do not reach; it takes the
    cached one when it is there. It drops every ``PIP_*`` variable, so these go into a configuration file.
    """
    cache = core.home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in pip_versions(core):
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.is_file():
            script.write_text(GET_PIP.format(wheel=str(pip_wheel(core, version))), encoding="utf-8")
    write_pip_settings(core)
    for name in (".docker",):
        # The docker command looks for its plugins, compose among them, below the home directory too.
        link = core.home / name
        if (Path.home() / name).is_dir() and not link.is_symlink():
            link.symlink_to(Path.home() / name)


def pip_versions(core: Core) -> list[str]:
    """Versions of pip that this ansible-test asks for, for Pythons that the collection supports."""
    source = core.ask("import ansible_test._internal.python_requirements as module; print(module.__file__)")
    found = re.findall(r"\bpip='([0-9.]+)'", Path(source).read_text(encoding="utf-8"))
    return sorted({version for version in found if number(version) >= (23,)})


def pip_wheel(core: Core, version: str) -> Path:
    """The wheel of one pip version, downloaded once."""
    folder = CACHE / "pip"
    wheel = folder / f"pip-{version}-py3-none-any.whl"
    if not wheel.is_file():
        pip = [str(core.python), "-m", "pip", "--disable-pip-version-check", "-qq", "download", "--no-deps"]
        subprocess.run([*pip, "--dest", str(folder), f"pip=={version}"], check=True)
    return wheel


def write_pip_settings(core: Core) -> None:
    """Write what ``pip config list`` says about this user into the pip.conf of the home directory."""
    listed = subprocess.run(
        [str(core.python), "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings: dict[str, dict[str, str]] = {"global": {"cache-dir": str(CACHE / "pip-http"), "quiet": "2"}}
    for line in listed.splitlines():
        key, value = line.split("=", 1)
        section, option = key.rsplit(".", 1)
        # ":env:" stands for variables; "disable-pip-version-check" is an option that ansible-test passes itself.
        if option not in ("config-file", "disable-pip-version-check", "require-virtualenv"):
            settings.setdefault(section.replace(":env:", "global"), {})[option] = str(ast.literal_eval(value))
    # The pip that an older ansible-test brings trusts a list of its own, and not what this machine trusts.
    if SYSTEM_CERTIFICATES.is_file():
        settings["global"].setdefault("cert", str(SYSTEM_CERTIFICATES))
    text = "".join(
        f"[{section}]\n" + "".join(f"{option} = {indented(value)}\n" for option, value in options.items())
        for section, options in settings.items()
    )
    target = core.home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_text(text, encoding="utf-8")


def indented(value: str) -> str:
    """A value of several lines as configuration files write it."""
    return value.replace("\n", "\n    ")


def environment(core: Core) -> dict[str, str]:
    """Environment for ansible-test: every Python of this machine on PATH by its real directory."""
    pythons = [python_for(version) for version in core.test_pythons()]
    folders = [str(python.parent) for python in pythons if python]
    path = [str(core.venv / "bin"), *path_without_shims(), *folders]
    return core.environment(PATH=os.pathsep.join(dict.fromkeys(path)), HOME=str(core.home))


def available(core: Core, stage: Stage) -> list[str]:
    """Python versions that ansible-test can use here; says which ones it cannot."""
    known = core.test_pythons()
    missing = [version for version in known if not python_for(version) and version != core.python_version()]
    if missing:
        stage.note(f"ansible-core {core.version()}: not tested with Python {', '.join(missing)}: not on this machine")
    return [version for version in known if version not in missing]


def judge_junit(core: Core) -> t.Callable[[list[str]], Verdict]:
    """Counts the result files that ansible-test writes from now on."""
    folder = core.collection / "tests" / "output" / "junit"
    shutil.rmtree(folder, ignore_errors=True)
    return lambda _lines: junit(sorted(folder.glob("*.xml")))
