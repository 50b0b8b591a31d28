# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Traefik says of itself: routers, services and middlewares by its API, read only."""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from .compare import LiveEdge
from .errors import TenantryError

try:
    import requests

    REQUESTS_IMPORT_ERROR: str | None = None
except ImportError as import_error:
    REQUESTS_IMPORT_ERROR = str(import_error)

DEFAULT_URL = "http://127.0.0.1:8080"


def traefik_argument_spec() -> dict[str, dict[str, t.Any]]:
    """Options of the doc fragment tenantry.platform.traefik."""
    return {
        "api_url": {"type": "str", "default": DEFAULT_URL},
        "api_timeout": {"type": "int", "default": 5},
    }


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of object in the API and in a dynamic configuration."""

    name: str
    plural: str


ROUTER = Kind("router", "routers")
SERVICE = Kind("service", "services")
MIDDLEWARE = Kind("middleware", "middlewares")
#: Stands for the API itself where objects are listed that are not as they must be.
UNREACHABLE = Kind("API", "")


class TraefikApi:
    """One session with the API of one Traefik.

    :param url: such as ``http://127.0.0.1:8080``; a trailing ``/api`` is fine.
    :param timeout: seconds for one answer.
    :raises TenantryError: kind ``requests_missing``.
    """

    def __init__(self, url: str = DEFAULT_URL, timeout: float = 5) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise TenantryError(
                f"the Python library requests is missing on this node ({REQUESTS_IMPORT_ERROR}): install it for the "
                "interpreter that Ansible uses (Debian: apt install python3-requests)",
                "requests_missing",
            )
        self.url = url.rstrip("/")
        if self.url.endswith("/api"):
            self.url = self.url[: -len("/api")]
        self.timeout = timeout
        self._session = requests.Session()
        # The API is on loopback; a proxy of the environment would only get in between.
        self._session.trust_env = False

    def get(self, path: str) -> t.Any:
        """The JSON at ``/api/<path>``; None when Traefik does not know it.

        :raises TenantryError: kind ``edge_unreachable``.
        """
        return self._answer(f"{self.url}/api/{path}", lambda answer: answer.json())

    def metrics(self) -> str:
        """Its metrics as Prometheus reads them.

        :raises TenantryError: kind ``edge_unreachable``; also for a Traefik that serves none.
        """
        url = f"{self.url}/metrics"
        text = self._answer(url, lambda answer: answer.text)
        if text is None:
            raise TenantryError(
                f"Traefik serves no metrics at {url}: switch them on with edge_metrics of the role "
                "tenantry.platform.edge",
                "edge_unreachable",
                url=url,
            )
        return str(text)

    def _answer(self, url: str, read: t.Callable[[t.Any], t.Any]) -> t.Any:
        """What an answer holds; None for 404."""
        try:
            answer = self._session.get(url, timeout=self.timeout)
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            return read(answer)
        except (requests.exceptions.RequestException, ValueError) as error:
            raise TenantryError(
                f"Traefik's API does not answer at {url} ({_cause(error)}): see that the edge of this node runs (role "
                "tenantry.platform.edge) and that the API address is right",
                "edge_unreachable",
                url=url,
            ) from error

    def require(self) -> str:
        """Its version; proves that there is a Traefik with an API.

        :raises TenantryError: kind ``edge_unreachable``.
        """
        answer = self.get("version")
        if not isinstance(answer, dict) or "Version" not in answer:
            raise TenantryError(
                f"what answers at {self.url} is no Traefik API: correct api_url, or switch Traefik's api on",
                "edge_unreachable",
                url=self.url,
            )
        return str(answer["Version"])

    def read(self, kind: Kind, name: str) -> dict[str, t.Any] | None:
        """One object by its full name, such as ``acme-main@file``; None when Traefik has none of that name."""
        data: dict[str, t.Any] | None = self.get(f"http/{kind.plural}/{urllib.parse.quote(name, safe='@')}")
        return data

    def read_edge(self) -> LiveEdge:
        """Every router, and how many servers of every service are up, in one request."""
        data = self.get("rawdata") or {}
        return LiveEdge.of(
            routers=data.get("routers") or {},
            servers={name: servers_up(service) for name, service in (data.get("services") or {}).items()},
        )


def _cause(error: Exception) -> str:
    """The end of the chain that the HTTP library wraps around what went wrong."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return str(reason).rpartition(": ")[2] if reason is not None else str(error)


def servers_up(service: t.Mapping[str, t.Any] | None) -> int:
    """How many servers of a service take requests.

    A service that no router uses yet has servers without a status: its containers are healthy, or Traefik would not
    list them. An entry without address is what remains of a container that does not run: it answers with errors.
    """
    data = service or {}
    status = data.get("serverStatus")
    if status is None:
        servers = (data.get("loadBalancer") or {}).get("servers") or []
        return sum(1 for server in servers if server.get("url"))
    return sum(1 for url, state in status.items() if url and state == "UP")


def problems_of(data: t.Mapping[str, t.Any]) -> list[str]:
    """What Traefik has to say against an object."""
    errors = data.get("error") or []
    return [str(error) for error in ([errors] if isinstance(errors, str) else errors)]
