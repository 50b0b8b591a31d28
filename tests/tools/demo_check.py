# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a deployed fleet from outside, as its users would: name server, proxy, access rules, isolation.

What is right for a tenant follows from the inventory, not from a list in here: a tenant added to the database is asked
like the others.
"""

from __future__ import annotations

import collections
import dataclasses
import http.client
import ipaddress
import json
import socket
import ssl
import subprocess
import time
import typing as t
from pathlib import Path

TIMEOUT = 10
ALLOWED_SOURCES = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
SPLIT_REQUESTS = 40
TOLERANCE = 6  # the proxy begins a new round with every change of any route


@dataclasses.dataclass
class Check:
    """One thing that was asked."""

    tenant: str
    what: str
    wanted: str
    got: str
    passed: bool


class Asker:
    """Speaks to the proxy and the name server of one node.

    :param timeout: seconds.
    """

    def __init__(
        self, ports: dict[str, int], authority: Path, address: str = "127.0.0.1", timeout: float = TIMEOUT
    ) -> None:
        self.ports = ports
        self.address = address
        self.timeout = timeout
        self.context = ssl.create_default_context(cafile=str(authority))

    def https(self, host: str, path: str, source: str = "", body: str | None = None) -> tuple[int, bytes]:
        """Status and body of the answer to a GET, or a POST where there is a body; status 0 when there was none."""
        try:
            raw = socket.create_connection((self.address, self.ports["https"]), self.timeout, (source, 0))
            connection = http.client.HTTPSConnection(host, self.ports["https"], context=self.context)
            connection.sock = self.context.wrap_socket(raw, server_hostname=host)
            connection.request("GET" if body is None else "POST", path, body, headers={"Host": host})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, content
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()

    def redirect(self, host: str, path: str = "/x") -> str:
        """Status of plain http, and where it sends a client."""
        try:
            connection = http.client.HTTPConnection(self.address, self.ports["http"], timeout=self.timeout)
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            connection.close()
            return f"{answer.status} {answer.getheader('Location') or ''}"
        except (OSError, http.client.HTTPException) as error:
            return str(error)

    def dig(self, name: str, kind: str = "A") -> list[str]:
        """Words of the records that the name server gives for a name."""
        server = ["-p", str(self.ports["dns"]), f"@{self.address}"]
        command = ["dig", "+short", "+tries=2", "+time=3", *server, name, kind]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def specs(environment: dict[str, str]) -> dict[str, dict[str, t.Any]]:
    """The tenants' specs, from the inventory plugin."""
    command = ["ansible-inventory", "--list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    hosts = plain(json.loads(listing.stdout)["_meta"]["hostvars"])
    return {name: variables["tenant"] for name, variables in sorted(hosts.items()) if "tenant" in variables}


def plain(value: t.Any) -> t.Any:
    """Data without the marks that ansible-inventory puts on strings out of a database."""
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def allowed(access: list[dict[str, str]], source: str) -> bool:
    """First match wins; without a match, denied when there is an allow."""
    for rule in access:
        if ipaddress.ip_address(source) in ipaddress.ip_network(rule["cidr"], strict=False):
            return rule["action"] == "allow"
    return not any(rule["action"] == "allow" for rule in access)


def ask_tenant(asker: Asker, spec: dict[str, t.Any]) -> t.Iterator[Check]:
    """Everything that a user of one tenant sees."""
    name = spec["name"]
    for route in spec["routes"]:
        host, path = route["hostname"], route["path_prefix"].rstrip("/") + "/version"
        if host.endswith("." + spec["zone"]):
            wanted = [one for one in spec["addresses"] if ":" not in one]
            got = asker.dig(host)
            yield Check(name, f"dig {host}", " ".join(wanted), " ".join(got), got == wanted)
        if spec["state"] != "active":
            status, _body = asker.https(host, path)
            yield Check(name, f"https {host}", "no service", str(status), status in (0, 404, 503))
            continue
        yield from ask_route(asker, spec, route, path)
    if spec["state"] == "active" and spec["routes"]:
        target = asker.redirect(spec["routes"][0]["hostname"])
        yield Check(name, "http", "redirect to https", target, target.startswith("30") and " https://" in target)


def ask_route(asker: Asker, spec: dict[str, t.Any], route: dict[str, t.Any], path: str) -> t.Iterator[Check]:
    """Each source address that the access rules tell apart; the split over several services."""
    name, host = spec["name"], route["hostname"]
    images = {service["name"]: service["image"] for service in spec["services"]}
    for source in ALLOWED_SOURCES if route["access"] else ALLOWED_SOURCES[:1]:
        status, body = asker.https(host, path, source)
        what = f"https {host}{path}" + (f" from {source}" if route["access"] else "")
        if not allowed(route["access"], source):
            yield Check(name, what, "403", str(status), status == 403)
            continue
        answer = json.loads(body) if status == 200 else {}
        version = images[route["backends"][0]["service"]].rsplit(":", 1)[-1]
        got = f"{status} {answer.get('tenant')} {answer.get('version')}"
        yield Check(name, what, f"200 {name} {version}", got, got == f"200 {name} {version}")
    if len(route["backends"]) > 1:
        yield ask_split(asker, name, route, path)


def ask_split(asker: Asker, name: str, route: dict[str, t.Any], path: str) -> Check:
    """Several services behind one route, by weight."""
    counts: collections.Counter[str] = collections.Counter()
    for _turn in range(SPLIT_REQUESTS):
        status, body = asker.https(route["hostname"], path)
        counts[json.loads(body)["service"] if status == 200 else str(status)] += 1
    total = sum(backend["weight"] for backend in route["backends"])
    wanted = {one["service"]: SPLIT_REQUESTS * one["weight"] / total for one in route["backends"]}
    text = " ".join(f"{service}={counts[service]}" for service in sorted(counts))
    near = set(counts) == set(wanted) and all(abs(counts[one] - wanted[one]) <= TOLERANCE for one in wanted)
    expected = " ".join(f"{service}={count:.0f}" for service, count in sorted(wanted.items()))
    return Check(name, f"split of {SPLIT_REQUESTS} requests", expected, text, near)


# -- isolation -----------------------------------------------------------------------------------------------------

REACH = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
    print("reached")
except OSError as error:
    print("refused:", error)
"""


def docker(*arguments: str) -> str:
    """Output of a docker command."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def app_containers(tenant: str) -> list[dict[str, t.Any]]:
    """Running app containers of a tenant that listen."""
    names = docker(
        "ps", "-q", "--filter", f"label=tenantry.tenant={tenant}", "--filter", "label=tenantry.release"
    ).split()
    return json.loads(docker("inspect", *names)) if names else []


def ask_isolation(first: dict[str, t.Any], second: dict[str, t.Any]) -> t.Iterator[Check]:
    """A container of one tenant cannot reach one of another, by name or by address."""
    routed = second["routes"][0]["backends"][0]["service"]
    port = str({one["name"]: one["port"] for one in second["services"]}[routed])
    here = app_containers(first["name"])[0]["Name"].lstrip("/")
    found = {one["Config"]["Labels"]["tenantry.service"]: one for one in app_containers(second["name"])}
    there = found[routed]
    address = there["NetworkSettings"]["Networks"][f"{second['name']}_default"]["IPAddress"]
    for what in (address, there["Name"].lstrip("/")):
        got = docker("exec", here, "python3", "-c", REACH, what, port)
        yield Check(first["name"], f"{second['name']} by {what}", "refused", got, got.startswith("refused"))


def run(environment: dict[str, str], ports: dict[str, int], authority: Path) -> int:
    """Ask everything, print a table, return the exit code."""
    asker = Asker(ports, authority)
    tenants = specs(environment)
    started = time.monotonic()
    checks = [check for spec in tenants.values() for check in ask_tenant(asker, spec)]
    active = [spec for spec in tenants.values() if spec["state"] == "active" and spec["routes"]]
    for first, second in zip(active, active[1:]):
        checks += ask_isolation(first, second)
    if not checks:
        print("FAIL  the inventory gives no tenants")
        return 1
    width = max(len(check.what) for check in checks)
    for check in checks:
        mark = "ok  " if check.passed else "FAIL"
        detail = check.got if check.passed else f"{check.got}   (wanted {check.wanted})"
        print(f"{mark}  {check.tenant:<12}  {check.what:<{width}}  {detail}")
    failed = sum(not check.passed for check in checks)
    print(f"{len(checks) - failed} of {len(checks)} answers as they must be, {time.monotonic() - started:.1f} s")
    return 1 if failed else 0
