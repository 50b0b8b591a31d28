# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a fleet from a SQLite tenant database on this machine, deployed, routed, named, and asked.

``demo.py up`` does nothing that is done already; ``demo.py check`` only asks; ``demo.py clean`` removes it all. What it
makes stands in build/demo (or TENANTRY_DEMO_STATE): inventory, database, certificates, releases, logs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import typing as t
from pathlib import Path

import demo_check
import machine

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("TENANTRY_DEMO_STATE") or ROOT / "build" / "demo")
ESTATE = ROOT / "tests" / "estate" / "estate.py"
INVENTORY = STATE / "inventory"
SETTINGS = STATE / "settings.json"
PKI = STATE / "pki"
ZONE = "demo.test"
USUAL_REGISTRY = "127.0.0.1:5055"
USUAL_DATABASE = "sqlite:///../../build/demo/tenants.sqlite"

# What the demo runs itself, and what the README tells its operator to type, with the Debian package of each.
COMMANDS = {"openssl": "openssl", "dig": "bind9-dnsutils", "sqlite3": "sqlite3", "curl": "curl"}
# First choice and where to go on looking when it is taken; udp for names.
PORTS = {"http": (80, 8000), "https": (443, 8443), "dns": (53, 5300), "edge_api": (8080, 8180), "dns_api": (8081, 8281)}


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


def say(text: str) -> None:
    """One line of progress, in order with what commands print."""
    print(f"\033[1m==> {text}\033[0m" if sys.stdout.isatty() else f"==> {text}", flush=True)


def run(
    *command: str | Path, check: bool = True, quiet: bool = False, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in sight of the user."""
    output = subprocess.DEVNULL if quiet else None
    result = subprocess.run(
        [str(part) for part in command], text=True, check=False, env=env, stdout=output, stderr=output
    )
    if check and result.returncode:
        raise DemoError(f"{' '.join(map(str, command))} ended with {result.returncode}")
    return result


# -- what the machine offers ---------------------------------------------------------------------------------------


def is_free(port: int) -> bool:
    """Whether nobody listens on the port, by TCP and by UDP, on any address."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def choose_ports() -> dict[str, int]:
    """The ports of an earlier run, else free ones; says so when they are not the usual ones."""
    if SETTINGS.exists():
        return json.loads(SETTINGS.read_text(encoding="utf-8"))
    chosen: dict[str, int] = {}
    for name, (usual, other) in PORTS.items():
        port = usual
        while not is_free(port) or port in chosen.values():
            port = other if port == usual else port + 1
        if port != usual:
            say(f"port {usual} ({name}) is taken: the demo uses {port}")
        chosen[name] = port
    SETTINGS.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    return chosen


def certificates(names: list[str]) -> None:
    """A local authority and one certificate of it for ``names``; made once, and again when the names change."""
    PKI.mkdir(mode=0o700, exist_ok=True)
    wanted = "\n".join(names) + "\n"
    stamp = PKI / "names"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say("making a certificate with a local authority")
    subject = "/O=tenantry demo/CN="
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    if not (PKI / "ca.key").exists():
        extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        files: list[str | Path] = ["-keyout", PKI / "ca.key", "-out", PKI / "ca.crt"]
        run(
            "openssl",
            "req",
            "-x509",
            *new_key,
            "-days",
            "365",
            "-subj",
            subject + "local authority",
            *extensions,
            *files,
            quiet=True,
        )
    request, extension = PKI / "demo.csr", PKI / "demo.ext"
    extension.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n", encoding="utf-8")
    run("openssl", "req", *new_key, "-subj", subject + ZONE, "-keyout", PKI / "demo.key", "-out", request, quiet=True)
    authority: list[str | Path] = ["-CA", PKI / "ca.crt", "-CAkey", PKI / "ca.key", "-CAcreateserial", "-days", "365"]
    run(
        "openssl",
        "x509",
        "-req",
        "-in",
        request,
        *authority,
        "-extfile",
        extension,
        "-out",
        PKI / "demo.crt",
        quiet=True,
    )
    stamp.write_text(wanted, encoding="utf-8")


def inventory(ports: dict[str, int], estate: dict[str, t.Any]) -> None:
    """The demo's inventory with this machine's registry, ports and directories in it."""
    INVENTORY.mkdir(exist_ok=True)
    for path in (ROOT / "inventories" / "demo").iterdir():
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace(USUAL_REGISTRY, estate["registry"])
            text = text.replace(USUAL_DATABASE, f"sqlite:///{STATE / 'tenants.sqlite'}")
            (INVENTORY / path.name).write_text(text, encoding="utf-8")
    (INVENTORY / "group_vars").mkdir(exist_ok=True)
    images = estate["images"]
    variables = {
        "tenantry_root": str(STATE / "tenants"),
        "edge_root": str(STATE / "edge"),
        "edge_image": images["traefik:3.7.15"]["ref"],
        "edge_http_port": ports["http"],
        "edge_https_port": ports["https"],
        "edge_api_port": ports["edge_api"],
        "edge_certificates": [{"cert": str(PKI / "demo.crt"), "key": str(PKI / "demo.key")}],
        "nameserver_root": str(STATE / "nameserver"),
        "nameserver_image": images["powerdns:4.7"]["ref"],
        "nameserver_bind_address": "127.0.0.1",
        "nameserver_dns_port": ports["dns"],
        "nameserver_api_port": ports["dns_api"],
        "nameserver_zones": [{"name": ZONE, "nameservers": [f"ns1.{ZONE}."]}],
        "node_engine_manage": False,
    }
    text = json.dumps(variables, indent=2) + "\n"
    (INVENTORY / "group_vars" / "all.yml").write_text(text, encoding="utf-8")


# -- Ansible -------------------------------------------------------------------------------------------------------


def configuration() -> None:
    """An ansible.cfg beside the inventory, so that `ansible-playbook tenantry.platform.deploy` works in build/demo."""
    lines = [
        "[defaults]",
        "inventory = inventory/tenants.yml",
        "vault_password_file = inventory/vault-password",
        f"collections_path = {collections_path()}",
        "# A fleet is readable when only what changed is listed.",
        "display_ok_hosts = false",
        "display_skipped_hosts = false",
        "localhost_warning = false",
        "nocows = true",
        "# Looking for results a thousand times a second costs as much as reading a node: a hundred times will do.",
        "internal_poll_interval = 0.01",
        "",
        "[inventory]",
        "unparsed_is_failed = true",
    ]
    (STATE / "ansible.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def collections_path() -> str:
    """Where this copy of the collection is found: by its place when it is installed, else by the clone's link."""
    if ROOT.parts[-3:] == ("ansible_collections", "tenantry", "platform"):
        return str(ROOT.parents[2])
    return str(ROOT / "playbooks" / "collections")


def environment() -> dict[str, str]:
    """The environment of the demo's commands: its own configuration, nothing of the user's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**inherited, "ANSIBLE_CONFIG": str(STATE / "ansible.cfg")}


def read_estate() -> dict[str, t.Any]:
    """What the estate wrote about itself."""
    path = Path(os.environ.get("TENANTRY_ESTATE_STATE") or ROOT / "build" / "estate") / "estate.json"
    return json.loads(path.read_text(encoding="utf-8"))


def playbook(name: str, *arguments: str, check: bool = True) -> int:
    """Run a playbook of the collection."""
    command = ["ansible-playbook", f"tenantry.platform.{name}", *arguments]
    say(" ".join(command))
    return run(*command, check=check, env=environment()).returncode


# -- commands ------------------------------------------------------------------------------------------------------


def up() -> int:
    """Set up what is missing, deploy, and ask every tenant."""
    STATE.mkdir(parents=True, exist_ok=True)
    machine.need(COMMANDS)
    say("test estate: engine, images, local registry")
    run(sys.executable, ESTATE, "up")
    ports = choose_ports()
    certificates([ZONE, f"*.{ZONE}"])
    inventory(ports, read_estate())
    configuration()
    seed = INVENTORY / "seed.sql"
    database = f"sqlite:///{STATE / 'tenants.sqlite'}"
    playbook("database", "-i", "localhost,", "-e", json.dumps({"database_url": database, "database_seed": str(seed)}))
    playbook("nodes")
    code = playbook("deploy", check=False)
    say(f"deploy ended with {code}: the tenant `broken` is invalid on purpose and quarantined, everyone else is served")
    return check(ports)


def check(ports: dict[str, int]) -> int:
    """Ask the name server and the proxy about every tenant."""
    say("asking each tenant: name server, https, access rules, isolation")
    return demo_check.run(environment(), ports, PKI / "ca.crt")


def clean(keep_estate: bool) -> int:
    """Remove the tenants, proxy and name server of the demo, then the estate, then the files."""
    if SETTINGS.exists() and (STATE / "tenants.sqlite").exists():
        root = json.loads((INVENTORY / "group_vars" / "all.yml").read_text(encoding="utf-8"))["tenantry_root"]
        remove_tenants(sorted(os.listdir(root)) if os.path.isdir(root) else [])
        remove_node()
    if not keep_estate:
        run(sys.executable, ESTATE, "down")
    shutil.rmtree(STATE, ignore_errors=True)
    say("the demo is gone")
    return 0


def remove_tenants(tenants: list[str]) -> None:
    """Remove containers, networks and volumes of these tenants."""
    remove_labelled([f"tenantry.tenant={name}" for name in tenants])


def remove_node() -> None:
    """Remove the proxy and the name server."""
    remove_labelled([f"com.docker.compose.project={one}" for one in ("tenantry-edge", "tenantry-nameserver")])


def remove_labelled(labels: list[str]) -> None:
    """Remove what carries one of these labels, and nothing else."""
    kinds = {"container": ["ls", "-aq"], "network": ["ls", "-q"], "volume": ["ls", "-q"]}
    for kind, listing in kinds.items():
        for label in labels:
            found = subprocess.run(
                ["docker", kind, *listing, "--filter", f"label={label}"], capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                force = ["-f"] if kind != "network" else []
                subprocess.run(["docker", kind, "rm", *force, *found], stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["up", "check", "clean"])
    parser.add_argument("--keep-estate", action="store_true", help="clean: leave registry and images to others")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            if arguments.command == "check":
                return check(choose_ports())
            return up() if arguments.command == "up" else clean(arguments.keep_estate)
        except (DemoError, machine.MachineError) as error:
            print(f"demo: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
