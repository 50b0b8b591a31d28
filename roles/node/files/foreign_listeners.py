# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print, as a JSON list of phrases, who listens on wanted ports, other than the containers of one compose project.

Usage: foreign_listeners.py SOCKET PROJECT tcp/ADDRESS/PORT ...   (ADDRESS may be empty: all addresses)

Standard library only: it runs on machines on which nothing is installed yet.
"""

from __future__ import annotations

import glob
import http.client
import ipaddress
import json
import os
import re
import socket
import struct
import sys
import typing as t
import urllib.parse

TCP_LISTEN = "0A"
UDP_UNCONNECTED = "07"


class Listener(t.NamedTuple):
    """One listening socket; ``address`` is None for a wildcard, ``inode`` identifies the socket."""

    protocol: str
    address: t.Optional[str]
    port: int
    inode: str


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the unix socket of the engine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def decode_address(text: str) -> t.Optional[str]:
    """The address that the kernel writes as hexadecimal words in host byte order; None for a wildcard."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return None if address.is_unspecified else str(address)


def listeners() -> list[Listener]:
    """Every listening TCP and unconnected UDP socket of this network namespace."""
    found = []
    for name, state in (("tcp", TCP_LISTEN), ("tcp6", TCP_LISTEN), ("udp", UDP_UNCONNECTED), ("udp6", UDP_UNCONNECTED)):
        try:
            with open(f"/proc/net/{name}", encoding="ascii") as table:
                rows = [line.split() for line in table.readlines()[1:]]
        except FileNotFoundError:
            continue
        for row in rows:
            if row[3] == state:
                address, port = row[1].split(":")
                found.append(Listener(name[:3], decode_address(address), int(port, 16), row[9]))
    return found


def holder(inode: str) -> t.Optional[int]:
    """The process that holds the socket; None when it cannot be seen."""
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) == f"socket:[{inode}]":
                return int(link.split("/")[2])
        except OSError:
            continue
    return None


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def containers(engine: str) -> list[dict[str, t.Any]]:
    """The running containers; none when no engine answers."""
    connection = UnixConnection(engine)
    try:
        connection.request("GET", "/containers/json?" + urllib.parse.urlencode({"all": "0"}))
        answer = connection.getresponse()
        return t.cast("list[dict[str, t.Any]]", json.load(answer)) if answer.status == 200 else []
    except (OSError, ValueError, http.client.HTTPException):
        return []
    finally:
        connection.close()


def name_of(container: dict[str, t.Any]) -> str:
    return str((container.get("Names") or ["/" + container["Id"][:12]])[0]).lstrip("/")


def container_of(pid: int, running: list[dict[str, t.Any]], port: int, process: str) -> t.Optional[dict[str, t.Any]]:
    """The container that a process runs in, or whose port it publishes."""
    ids = set(re.findall(r"[0-9a-f]{64}", read(f"/proc/{pid}/cgroup")))
    for container in running:
        publishes = any(entry.get("PublicPort") == port for entry in container.get("Ports") or [])
        if container["Id"] in ids or (process == "docker-proxy" and publishes):
            return container
    return None


def overlaps(wanted: str, held: t.Optional[str]) -> bool:
    if held is None or not wanted:
        return True
    address = ipaddress.ip_address(wanted.strip("[]"))
    return address.is_unspecified or str(address) == held


def describe(listener: Listener, pid: t.Optional[int], process: str, container: t.Optional[dict[str, t.Any]]) -> str:
    where = f"port {listener.port}/{listener.protocol} on {listener.address or 'all addresses'}"
    who = f"{process} (pid {pid})" if pid else "a process that cannot be seen"
    return f"{where} is held by {who}" + (f" of container {name_of(container)}" if container else "")


def foreign(engine: str, project: str, wanted: list[str]) -> list[str]:
    """Who holds a wanted port and is not of the project: one phrase for each port."""
    table = listeners()
    running = containers(engine)
    conflicts: dict[str, str] = {}
    for entry in wanted:
        protocol, address, number = entry.split("/")
        for listener in table:
            if (listener.protocol, listener.port) != (protocol, int(number)) or not overlaps(address, listener.address):
                continue
            pid = holder(listener.inode)
            process = read(f"/proc/{pid}/comm") if pid else ""
            container = container_of(pid, running, listener.port, process) if pid else None
            if container and (container.get("Labels") or {}).get("com.docker.compose.project") == project:
                continue
            conflicts[entry] = describe(listener, pid, process, container)
    return list(conflicts.values())


if __name__ == "__main__":
    print(json.dumps(foreign(sys.argv[1], sys.argv[2], sys.argv[3:])))
