# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of containers, whatever tools their image has.

The checks are constant POSIX sh scripts. Port, path and seconds reach them as arguments, so no value of a tenant is
ever part of a script. They need ``/bin/sh``; an image without it declares a check of type ``command``.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.engine import DRAIN_FILE
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

_PATH = re.compile(r"/[!-~]{0,1023}")

_DRAIN = f"""\
if [ -e {DRAIN_FILE} ]; then echo draining; exit 1; fi
"""

# In the order of what they cost: a check runs every few seconds in every container. Each tool replaces the shell, so
# that a check that takes too long leaves no process behind: the engine ends the one it started. A status of 200-399 is
# healthy. Proxies of the tenant's environment are not asked. wget gets no timeout: that of BusyBox 1.35 crashes on -T.
_HTTP = """\
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
if command -v curl >/dev/null 2>&1; then
  exec curl -q -g -fsS -o /dev/null -m "$3" "http://127.0.0.1:$1$2"
fi
if command -v wget >/dev/null 2>&1; then
  exec wget -q -O /dev/null "http://127.0.0.1:$1$2"
fi
if command -v bash >/dev/null 2>&1; then
  exec bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET %s HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n" "$2" >&3
    IFS= read -r -t "$3" status <&3 || exit 1
    while IFS= read -r -t "$3" _ <&3; do :; done
    case $status in "HTTP/1."[01]" "[23]*) exit 0;; esac
    echo "$status"; exit 1' tenantry-health "$1" "$2" "$3"
fi
if command -v python3 >/dev/null 2>&1; then
  exec python3 -I -c '
import http.client, sys
client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=int(sys.argv[3]))
client.request("GET", sys.argv[2])
status = client.getresponse().status
sys.exit(None if 200 <= status < 400 else "HTTP status %d" % status)' "$1" "$2" "$3"
fi
if command -v nc >/dev/null 2>&1; then
  printf 'GET %s HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n' "$2" | nc -w "$3" 127.0.0.1 "$1" | {
    IFS= read -r status
    cat >/dev/null
    case $status in "HTTP/1."[01]" "[23]*) exit 0;; esac
    echo "$status"; exit 1
  }
  exit
fi
echo "no curl, wget, bash, python3 or nc in this image: declare a health check of type command"
exit 1
"""

# The kernel's own list needs no tool and leaves no broken connection in the log of the service. It names listening
# sockets first, so the loop ends there also on a busy server. $2 is the port in hexadecimal.
_TCP = """\
listed= loopback=
for list in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$list" ] || continue
  listed=1
  while read -r number local _ state _; do
    if [ "$number" = sl ]; then continue; fi
    if [ "$state" != 0A ]; then break; fi
    case $local in
      ??????7F:"$2"|00000000000000000000000001000000:"$2"|0000000000000000FFFF0000??????7F:"$2") loopback=1;;
      *:"$2") exit 0;;
    esac
  done <"$list"
done
if [ -n "$loopback" ]; then
  echo "port $1 listens on the loopback address only: no other container reaches it"; exit 1
fi
if [ -n "$listed" ]; then echo "nothing listens on port $1"; exit 1; fi
if command -v bash >/dev/null 2>&1; then
  exec bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' tenantry-health "$1"
fi
if command -v python3 >/dev/null 2>&1; then
  exec python3 -I -c '
import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), int(sys.argv[2])).close()' "$1" "$3"
fi
if command -v nc >/dev/null 2>&1; then exec nc -z -w "$3" 127.0.0.1 "$1"; fi
echo "no bash, python3 or nc in this image: declare a health check of type command"
exit 1
"""

_ALIVE = "kill -0 1"


def healthcheck(service: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The ``healthcheck`` of a compose service, its strings not yet escaped for compose.

    A service without a port that names no check is healthy while its first process lives. A job that names none has
    none, whatever its image says.

    :param service: a service of the spec.
    :raises TenantryError: kind ``invalid`` for a port, path or command that cannot be checked.
    """
    health = service["health"]
    kind = health["type"]
    if kind == "none" and service["kind"] == "job":
        return {"disable": True}
    return {
        "test": _test(service, health),
        "interval": f"{int(health['interval'])}s",
        "timeout": f"{int(health['timeout'])}s",
        "retries": int(health["retries"]),
        "start_period": f"{int(health['start_period'])}s",
    }


def _test(service: t.Mapping[str, t.Any], health: t.Mapping[str, t.Any]) -> list[str]:
    kind = health["type"]
    drain = _DRAIN if service["kind"] == "app" else ""
    seconds = str(max(1, int(health["timeout"])))
    if kind == "command":
        return ["CMD", *_command(service, health["command"])]
    if kind == "http":
        port = _port(service)
        return _script(drain + _HTTP, str(port), _path(service, health["path"]), seconds)
    if kind == "tcp" and service["port"] is not None:
        port = _port(service)
        return _script(drain + _TCP, str(port), f"{port:04X}", seconds)
    if kind in ("tcp", "none"):
        return _script(drain + _ALIVE)
    raise _refusal(service, f"type {kind!r} is unknown", "use http, tcp, command or none")


def _script(script: str, *arguments: str) -> list[str]:
    return ["CMD", "/bin/sh", "-c", script, "tenantry-health", *arguments]


def _port(service: t.Mapping[str, t.Any]) -> int:
    port = service["port"]
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise _refusal(service, f"port {port!r} is none", "give the service a port from 1 to 65535")
    return int(port)


def _path(service: t.Mapping[str, t.Any], path: t.Any) -> str:
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise _refusal(service, f"path {path!r} is none", "start it with / and percent-encode other characters")
    return str.__str__(path)


def _command(service: t.Mapping[str, t.Any], command: t.Any) -> list[str]:
    if not isinstance(command, (list, tuple)) or not command or not all(isinstance(word, str) for word in command):
        raise _refusal(service, "its command is not a list of words", "give program and arguments, one item each")
    if any("\0" in word for word in command):
        raise _refusal(service, "its command holds a NUL character", "remove it")
    return [str.__str__(word) for word in command]


def _refusal(service: t.Mapping[str, t.Any], why: str, remedy: str) -> TenantryError:
    return TenantryError(
        f"health check of service {service['name']}: {why}; {remedy}", "invalid", service=str(service["name"])
    )
