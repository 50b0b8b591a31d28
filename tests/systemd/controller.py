# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller with a real systemd: this machine's files in namespaces of their own, so that nothing of it stays."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLLECTION = (Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]) / "ansible_collections/tenantry/platform").resolve()
CGROUP = "tenantry-test-drift-watch"
USER = "watcher"
HOME = Path("/home/watcher")
DATABASE = Path("/var/lib/fleet/tenants.sqlite")
TEXTFILES = Path("/var/lib/prometheus/node-exporter")
REPORTS = Path("/var/lib/tenantry/drift/eu-west")
SERVICE = "tenantry-drift-eu-west.service"
# Of every unit of the collection.
DROP_INS = Path("/run/systemd/system/tenantry-.service.d")
LOG = Path("/run/check.log")
SECRET = 'pass word"$HOME`%h\\'
# One tenant on this machine, where nobody reads the engine for an ordinary user: a check comes to its end, incomplete.
SEED = """
INSERT INTO nodes (name, connection, address, ipv4) VALUES ('local', 'local', '127.0.0.1', '127.0.0.1');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO settings (name, value) VALUES ('default_node', 'local'), ('default_zone', 'demo.test'),
  ('default_registry', 'registry.example.com');
INSERT INTO stacks (name, version) VALUES ('tiny', '1.0.0');
INSERT INTO services (stack, name, kind, image, port, health_type, health_path)
  VALUES ('tiny', 'web', 'app', 'tenantry/sample', 8080, 'http', '/health');
INSERT INTO tenants (name, stack) VALUES ('acme', 'tiny');
"""
# As root or by sudo, as the machine allows.
ROOT = [] if os.geteuid() == 0 else ["sudo", "-n", "--preserve-env"]


def passable() -> list[str]:
    """Directories above interpreter and collection that only their owner may pass."""
    paths = [Path(sys.executable), Path(os.path.realpath(sys.executable)), COLLECTION]
    above = {one for path in paths for one in path.absolute().parents}
    return sorted(str(one) for one in above if not one.stat().st_mode & 0o001)


class Controller:
    """The machine, and what an operator does on it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.outer: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def boot(self) -> None:
        """Start systemd and wait until it answers."""
        spaces = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--mount-proc", "--kill-child"]
        boot = ["sh", str(HERE / "boot.sh"), CGROUP, *passable()]
        with open(self.scratch / "boot.log", "wb") as log:
            command = [*ROOT, "unshare", *spaces, *boot]
            self.outer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.wait(self._up, 30, "systemd does not answer")

    def _up(self) -> bool:
        for pid in descendants(self.outer.pid if self.outer else 0):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "systemd\n":
                    self.pid = pid
                    # "degraded" counts: it has little of what a machine has.
                    return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")
        return False

    def stop(self) -> None:
        """End it at once: it has nothing to bring in order."""
        if self.pid:
            subprocess.run([*ROOT, "kill", "-KILL", str(self.pid)], check=False)
        if self.outer:
            self.outer.kill()
            self.outer.wait()
        # A process that was killed is in its group for a moment still.
        self.wait(remove_groups, 20, f"cgroups {CGROUP} cannot be removed")

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command as root on this controller."""
        inside = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--uts", "--ipc", "--"]
        words = [*ROOT, *inside, *map(str, command)]
        variables = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", **environment}
        return subprocess.run(
            words,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
        )

    def need(self, *command: str | Path, **environment: str) -> str:
        """The output of a command that has to succeed."""
        ran = self.run(*command, **environment)
        assert ran.returncode == 0, f"{command} ended with {ran.returncode}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def write(self, path: Path, text: str) -> None:
        """A file on this controller."""
        self.need("python3", "-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2])", path, text)

    def exists(self, path: Path) -> bool:
        """Whether there is such a file or directory."""
        return self.run("test", "-e", path).returncode == 0

    def wait(self, condition: t.Callable[[], bool], seconds: float, why: str) -> None:
        """Until it holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, why + "\n" + (self.scratch / "boot.log").read_text(errors="replace")
            time.sleep(0.1)

    def playbook(self, name: str, *arguments: str) -> str:
        """Run a playbook of the collection as root; its output."""
        tool = Path(sys.executable).with_name("ansible-playbook")
        return self.need(tool, f"tenantry.platform.{name}", "-i", "localhost,", "-c", "local", *arguments)

    def make_fleet(self) -> None:
        """A user with a tenant database and an inventory whose database the environment names."""
        self.need("useradd", "--create-home", "--home-dir", HOME, "--shell", "/bin/sh", USER)
        self.need("mkdir", DATABASE.parent)
        self.write(HOME / "seed.sql", SEED)
        database = {"database_url": f"sqlite:///{DATABASE}", "database_seed": f"{HOME}/seed.sql"}
        self.playbook("database", "-e", json.dumps(database))
        self.write(HOME / "tenants.yml", "plugin: tenantry.platform.tenants\n")
        self.need("chown", "-R", f"{USER}:", HOME, DATABASE.parent)

    def settings(self, role: str = "drift_watch", **changes: t.Any) -> str:
        """Variables of a role as ``--extra-vars``."""
        settings = {
            "fleet": "eu-west",
            "user": USER,
            "command": str(Path(sys.executable).with_name("ansible-playbook")),
            "inventories": [f"{HOME}/tenants.yml"],
            # Only the tests start a check.
            "on_calendar": "*-01-01 00:00:00",
            # A reader of SQLite writes beside the file.
            "writable_paths": [str(DATABASE.parent)],
            "environment": {
                "TENANTRY_DATABASE": f"sqlite:///{DATABASE}",
                "TENANTRY_TEST_SECRET": SECRET,
                "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            },
        }
        own = {f"{role}_{name}": value for name, value in settings.items()}
        return json.dumps({"ansible_python_interpreter": sys.executable, **own, **changes})

    def watch(self, *arguments: str, **changes: t.Any) -> str:
        """Run the role drift_watch; its output."""
        return self.set_up("drift_watch", self.settings(**changes), *arguments)

    def set_up(self, playbook: str, settings: str, *arguments: str) -> str:
        """Run a playbook that makes timers; its output."""
        said = self.playbook(playbook, "-e", settings, *arguments)
        # What a check prints would be in the journal, which does not run here. PrivateTmp hides a checkout in /tmp.
        drop_in = f"[Service]\nStandardOutput=append:{LOG}\nStandardError=inherit\n"
        # A checkout may lie below /tmp, which a check does not see.
        needed = (os.environ["ANSIBLE_COLLECTIONS_PATH"], COLLECTION, sys.prefix, sys.base_prefix)
        drop_in += "".join(f"BindReadOnlyPaths={path}\n" for path in needed)
        self.need("mkdir", "-p", DROP_INS)
        self.write(DROP_INS / "test.conf", drop_in)
        self.need("systemctl", "daemon-reload")
        return said

    def check(self) -> str:
        """Let systemd run one check; how the unit ended."""
        self.run("systemctl", "reset-failed", SERVICE)
        self.run("systemctl", "start", SERVICE)
        return self.result()

    def result(self) -> str:
        """What systemd thinks of the last check."""
        return self.need("systemctl", "show", "--property=Result", "--value", SERVICE).strip()

    def metrics(self) -> dict[str, float]:
        """Every sample below the directory of the textfile collector."""
        text = self.need("sh", "-c", f"cat {TEXTFILES}/*.prom")
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}

    def told(self, name: str) -> float | None:
        """A metric of the run; None when it is not there."""
        return self.metrics().get(f'tenantry_drift_run_{name}{{fleet="eu-west"}}')


def remove_groups() -> bool:
    """Whether none of its cgroups is left."""
    find = ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", f"*/{CGROUP}*"]
    subprocess.run([*ROOT, *find, "-exec", "rmdir", "{}", "+"], capture_output=True, check=False)
    return not subprocess.run([*ROOT, *find], capture_output=True, check=False).stdout


def descendants(pid: int) -> t.Iterator[int]:
    """Processes below this one."""
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            yield int(child)
            yield from descendants(int(child))
