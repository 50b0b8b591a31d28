# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the PowerDNS Authoritative HTTP API: one session per process, bounded retries, errors that say why."""

from __future__ import annotations

import functools
import json
import os
import random
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

try:
    import requests

    HAS_REQUESTS = True
except ImportError:  # the import test of ansible-test runs without it; a module then fails with a clear error
    HAS_REQUESTS = False

# Statuses of a server that may answer the same request well a moment later. 500 is one of them: on SQLite
# PowerDNS 4.7 answers it whenever two writers meet, and every request that we send may be repeated.
RETRIED = (500, 502, 503, 504)
# A body above this size that is refused with 400, or cut off while it is sent, was too long for
# webserver-max-bodysize (2 MB unless configured); smaller ones were refused for what they say.
LARGE_BODY = 100_000
FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0


@dataclass(frozen=True)
class Answer:
    """One answer of the API. ``data`` is the decoded JSON, or None when the body was empty."""

    status: int
    data: t.Any


@functools.lru_cache(maxsize=1)
def _session() -> requests.Session:
    """The one session of this process. Building one costs more than ten requests on the loopback."""
    session = requests.Session()
    # No proxy, netrc or CA bundle from the environment: the API key must reach the named server and nobody else.
    session.trust_env = False
    return session


class PowerDns:
    """The HTTP API of one PowerDNS server.

    :param api_url: base URL, such as ``http://127.0.0.1:8081``; a trailing ``/api/v1`` is accepted.
    :param api_key: sent as ``X-API-Key``, and never part of an error.
    :param timeout: seconds to wait for a connection, and again for each answer.
    :param retries: how often a request is repeated after a failed connection or a 500, 502, 503 or 504.
    :param sleep: waits that many seconds between two tries.
    """

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        server_id: str = "localhost",
        validate_certs: bool = True,
        ca_path: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        timeout: float = 30,
        retries: int = 3,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        if not HAS_REQUESTS:
            raise TenantryError(
                "the Python library requests is missing on this host: install python3-requests, "
                "or point ansible_python_interpreter at an interpreter that has it",
                "missing_library",
                library="requests",
            )
        self.base = f"{_base_url(api_url)}/api/v1/servers/{quote(server_id, safe='')}"
        self.server_id = server_id
        self.timeout = timeout
        self.retries = retries
        self.api_calls = 0
        self._headers = {"X-API-Key": _checked_key(api_key), "Accept": "application/json"}
        self._verify: bool | str = _readable(ca_path, "ca_path") if validate_certs and ca_path else validate_certs
        self._cert = _certificate(client_cert, client_key)
        self._sleep = sleep
        self._server: dict[str, t.Any] | None = None

    # Reading

    def server(self) -> dict[str, t.Any]:
        """What the server says about itself; asked once."""
        if self._server is None:
            answer = self._request("GET", "", missing_ok=True)
            if answer.status == 404:
                raise TenantryError(
                    f"no PowerDNS server {self.server_id!r} at {self.base}: check api_url and server_id, "
                    "and that api=yes is set on the server",
                    "server_missing",
                    status=404,
                    url=self.base,
                )
            self._server = self._object(answer, "version", self.base)
        return self._server

    def version(self) -> tuple[int, ...]:
        """Version as numbers, such as ``(4, 9, 17)``; development builds say ``(0, 0, ...)``."""
        numbers: list[int] = []
        for part in str(self.server().get("version", "")).split("."):
            digits = part[: len(part) - len(part.lstrip("0123456789"))]
            if not digits:
                break
            numbers.append(int(digits))
        return tuple(numbers)

    def zone(self, zone: str, name: str | None = None, *, rrsets: bool = True) -> dict[str, t.Any] | None:
        """A zone with its record sets (of one name only, or none), or None when the server does not have it."""
        query = {"rrset_name": name} if name else {} if rrsets else {"rrsets": "false"}
        answer = self._request("GET", f"/zones/{_quoted(zone)}", query=query, missing_ok=True)
        if answer.status == 404:
            # A wrong path is a 404 too, and "the zone is absent, all is well" would be the wrong conclusion from it.
            self.server()
            return None
        return self._object(answer, "serial", f"{self.base}/zones/{_quoted(zone)}")

    def metadata(self, zone: str) -> dict[str, list[str]]:
        """All metadata of a zone: kind to values."""
        answer = self._request("GET", f"/zones/{_quoted(zone)}/metadata")
        return {item["kind"]: list(item["metadata"]) for item in answer.data}

    # Writing

    def patch(self, zone: str, entries: list[dict[str, t.Any]]) -> None:
        """Apply changes of record sets in one transaction of the server."""
        self._request("PATCH", f"/zones/{_quoted(zone)}", body={"rrsets": entries})

    def create_zone(self, fields: dict[str, t.Any]) -> None:
        """Create a zone. One that exists already (somebody else was faster, or a repeated request) is no error."""
        self._request("POST", "/zones", body=fields, conflict_ok=True)

    def update_zone(self, zone: str, fields: dict[str, t.Any]) -> None:
        """Change settings of a zone, not its records."""
        self._request("PUT", f"/zones/{_quoted(zone)}", body=fields)

    def delete_zone(self, zone: str) -> None:
        """Delete a zone with everything in it; one that is gone already is no error."""
        self._request("DELETE", f"/zones/{_quoted(zone)}", missing_ok=True)

    def set_metadata(self, zone: str, kind: str, values: list[str]) -> None:
        """Set one kind of metadata; an empty list removes it."""
        path = f"/zones/{_quoted(zone)}/metadata/{_quoted(kind)}"
        if values:
            self._request("PUT", path, body={"kind": kind, "metadata": values})
        else:
            self._request("DELETE", path, missing_ok=True)

    def flush_cache(self, zone: str) -> None:
        """Drop cached answers of a zone, so that a new zone answers at once and not after cache-ttl seconds."""
        self._request("PUT", "/cache/flush", query={"domain": zone})

    def notify(self, zone: str) -> None:
        """Tell the secondaries of a zone that it changed."""
        self._request("PUT", f"/zones/{_quoted(zone)}/notify")

    # One request

    @staticmethod
    def _object(answer: Answer, key: str, url: str) -> dict[str, t.Any]:
        if isinstance(answer.data, dict) and key in answer.data:
            return answer.data
        raise _failure("unexpected", f"an answer without {key}; is this the API of PowerDNS?", "GET", url, status=200)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: t.Any = None,
        missing_ok: bool = False,
        conflict_ok: bool = False,
    ) -> Answer:
        url = self.base + path + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body, separators=(",", ":")).encode("ascii")
        response = self._send(method, url, payload)
        status = response.status_code
        if (status == 404 and missing_ok) or (status == 409 and conflict_ok):
            return Answer(status, None)
        # PowerDNS 5.1 can put invalid UTF-8 into an error body.
        text = response.content.decode("utf-8", "replace").strip()
        if 200 <= status < 300:
            return Answer(status, _decoded(text, method, url, status))
        raise _refusal(status, method, url, text, len(payload or b""), path)

    def _send(self, method: str, url: str, payload: bytes | None) -> requests.Response:
        headers = self._headers if payload is None else {**self._headers, "Content-Type": "application/json"}
        for attempt in range(self.retries + 1):
            self.api_calls += 1
            last = attempt == self.retries
            try:
                response = _session().request(
                    method,
                    url,
                    data=payload,
                    headers=headers,
                    timeout=self.timeout,
                    verify=self._verify,
                    cert=self._cert,
                    # requests would carry the key to wherever the redirect points.
                    allow_redirects=False,
                )
            except requests.exceptions.SSLError as exc:
                raise _failure("tls", f"no trusted connection: {exc}; check ca_path, client_cert", method, url) from exc
            except requests.exceptions.RequestException as exc:
                if _was_cut_off(exc, payload):
                    raise _too_large(method, url, None, "", len(payload or b"")) from exc
                if last:
                    tried = f"tried {attempt + 1} times" if attempt else "tried once"
                    raise _failure("unreachable", f"no answer ({tried}): {_cause(exc)}", method, url) from exc
            else:
                if last or response.status_code not in RETRIED:
                    return response
            self._sleep(min(LONGEST_DELAY, FIRST_DELAY * 2**attempt) * random.uniform(0.5, 1.5))
        raise AssertionError("the last try either returns or raises")


def _base_url(api_url: str) -> str:
    parts = urlsplit(api_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise TenantryError(f"api_url {api_url!r} is not a URL such as http://127.0.0.1:8081", "invalid")
    if parts.username is not None or parts.password is not None:
        raise TenantryError("api_url must not hold a user name or password: it appears in messages", "invalid")
    path = parts.path.rstrip("/")
    for suffix in ("/api/v1", "/api"):
        if path.endswith(suffix):
            path = path[: -len(suffix)]
            break
    return f"{parts.scheme}://{parts.netloc}{path}"


def _checked_key(api_key: str) -> str:
    """The key as a header value. requests would quote an illegal one in its error, so it is checked here."""
    if not api_key:
        raise TenantryError("no API key: give api_key, api_key_file or the environment variable PDNS_API_KEY", "auth")
    if not api_key.isascii() or not api_key.isprintable() or api_key != api_key.strip():
        raise TenantryError("the API key has characters that cannot stand in an HTTP header", "auth")
    return api_key


def _readable(path: str, option: str) -> str:
    if not os.access(path, os.R_OK):
        raise TenantryError(f"{option} {path} is not there or not readable on the host where this runs", "invalid")
    return path


def _certificate(client_cert: str | None, client_key: str | None) -> str | tuple[str, str] | None:
    if client_cert is None:
        if client_key is not None:
            raise TenantryError("client_key needs client_cert", "invalid")
        return None
    _readable(client_cert, "client_cert")
    return (client_cert, _readable(client_key, "client_key")) if client_key else client_cert


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _decoded(text: str, method: str, url: str, status: int) -> t.Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as exc:
        message = f"an answer that is not JSON: {text[:80]!r}; is this the API of PowerDNS?"
        raise _failure("unexpected", message, method, url, status=status) from exc


def _cause(exc: BaseException) -> str:
    """The innermost reason of a requests exception: ``Connection refused`` rather than four nested reprs."""
    reason: t.Any = exc
    while True:
        inner = getattr(reason, "reason", None) or (reason.args[0] if getattr(reason, "args", None) else None)
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return str(getattr(reason, "strerror", None) or reason)


def _chain(exc: BaseException) -> t.Iterator[BaseException]:
    seen: BaseException | None = exc
    while seen is not None:
        yield seen
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        seen = inner or seen.__context__


def _was_cut_off(exc: BaseException, payload: bytes | None) -> bool:
    """True when the server hung up while a large body was on its way."""
    if payload is None or len(payload) < LARGE_BODY:
        return False
    return any(isinstance(link, (BrokenPipeError, ConnectionResetError)) for link in _chain(exc))


def _failure(kind: str, why: str, method: str, url: str, **details: t.Any) -> TenantryError:
    details.setdefault("status", None)
    details.setdefault("api_error", None)
    return TenantryError(f"PowerDNS {method} {url}: {why}", kind, url=url, **details)


def _too_large(method: str, url: str, status: int | None, api_error: str, size: int) -> TenantryError:
    return _failure(
        "too_large",
        f"the server does not take a body of {size} bytes: lower batch_bytes, or raise webserver-max-bodysize on it",
        method,
        url,
        status=status,
        api_error=api_error,
        body_bytes=size,
    )


def _refusal(status: int, method: str, url: str, text: str, size: int, path: str) -> TenantryError:
    """The error for a status that is not a success. Texts differ between versions, so only the status decides."""
    api_error = _api_error(text)
    if status == 413 or (status == 400 and size >= LARGE_BODY):
        return _too_large(method, url, status, api_error, size)
    said = f" ({api_error})" if api_error else ""
    if status == 401:
        kind, why = "auth", "the server refuses the API key"
    elif status == 403:
        kind, why = "auth", f"the server or a proxy before it refuses access{said}"
    elif status == 404:
        kind = "zone_missing" if path.startswith("/zones/") else "server_missing"
        why = "the server has no such zone" if kind == "zone_missing" else "there is no such server or API"
    elif status in (400, 422):
        kind, why = "invalid", f"refused, and nothing of this request was written: {api_error or 'no reason given'}"
    elif 300 <= status < 400:
        kind, why = "unexpected", "the server answers with a redirect, which is not followed: correct api_url"
    elif status >= 500:
        kind, why = "server_error", f"the server failed with status {status}{said}"
    else:
        kind, why = "unexpected", f"the server answers with status {status}{said}"
    return _failure(kind, why, method, url, status=status, api_error=api_error)


def _api_error(text: str) -> str:
    try:
        data = json.loads(text)
    except ValueError:
        return text[:500]
    said = data.get("error") if isinstance(data, dict) else None
    return str(said if said is not None else text)[:500]
