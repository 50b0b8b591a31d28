# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request through the proxy of this node, as a client of a hostname would make it, and its certificate.

The chain is not verified: what matters is whether the request arrives. Standard library only.
"""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl
import time
import typing as t
import urllib.parse

#: What Traefik itself answers with, when no app does.
OF_PROXY = (
    b"404 page not found",
    b"Bad Gateway",
    b"Service Unavailable",
    b"Gateway Timeout",
    b"no available server",
    b"Forbidden",
)
LONGEST_OF_PROXY = 64
# Flags of OpenSSL that Python has no names for on 3.9.
PARTIAL_CHAIN, NO_CHECK_TIME = 0x80000, 0x200000


@dataclasses.dataclass(frozen=True)
class EntryPoint:
    """Where the proxy takes connections."""

    name: str
    address: str
    port: int

    def connect(self, timeout: float) -> socket.socket:
        """A connection.

        :raises OSError:
        """
        return socket.create_connection((self.address, self.port), timeout)


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What clients are shown.

    :ivar names: DNS names that it is for.
    :ivar expires: when it ends, in seconds since 1970.
    """

    subject: str
    issuer: str
    names: list[str]
    begins: float
    expires: float

    @classmethod
    def of(cls, data: t.Mapping[str, t.Any]) -> Certificate:
        """From what the ssl module decodes."""
        return cls(
            _distinguished(data.get("subject")),
            _distinguished(data.get("issuer")),
            [str(value) for kind, value in data.get("subjectAltName", ()) if kind == "DNS"],
            ssl.cert_time_to_seconds(data["notBefore"]),
            ssl.cert_time_to_seconds(data["notAfter"]),
        )

    def problem(self, hostname: str, now: float) -> str:
        """Why a client refuses it; empty when it is for the hostname, and for now."""
        if now >= self.expires:
            return f"expired on {_day(self.expires)}"
        if now < self.begins:
            return f"is valid from {_day(self.begins)} on only"
        if not any(_covers(name.lower(), hostname) for name in self.names):
            return f"is for {', '.join(self.names[:3]) or self.subject or 'nobody'}, not for {hostname}"
        return ""


def _distinguished(name: t.Any) -> str:
    return ", ".join(f"{key}={value}" for part in name or () for key, value in part)


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _covers(name: str, hostname: str) -> bool:
    """Whether a name of a certificate is for a hostname; a star stands for one whole label."""
    if name.startswith("*."):
        return hostname.partition(".")[2] == name[2:] and name[2:] != ""
    return name == hostname


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back.

    :ivar status: of HTTP; 0 when nothing came back.
    :ivar of_proxy: whether the body is one of Traefik's own.
    :ivar error: why nothing came back.
    """

    url: str
    status: int = 0
    of_proxy: bool = False
    error: str = ""
    seconds: float = 0.0
    certificate: dict[str, t.Any] | None = None


def get(url: str, entry_points: t.Mapping[str, EntryPoint], timeout: float) -> Reply:
    """GET a URL of a tenant through the entry point of its scheme.

    :param entry_points: by scheme.
    """
    parts = urllib.parse.urlsplit(url)
    hostname = parts.hostname or ""
    entry = entry_points[parts.scheme]
    certificate = None
    begun = time.monotonic()
    try:
        if parts.scheme == "https":
            certificate = _certificate(entry, hostname, timeout)
        connection = _Connection(entry, hostname if parts.scheme == "https" else "", timeout)
        connection.request("GET", parts.path or "/", headers={"Host": hostname, "User-Agent": "tenantry-probe"})
        answer = connection.getresponse()
        body = answer.read(LONGEST_OF_PROXY)
        connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Reply(url, error=_cause(error, timeout), seconds=_since(begun), certificate=certificate)
    return Reply(url, answer.status, body.strip() in OF_PROXY, "", _since(begun), certificate)


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _cause(error: Exception, timeout: float) -> str:
    if isinstance(error, socket.timeout):
        return f"no answer within {timeout:g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Connection(http.client.HTTPConnection):
    """To an entry point, with TLS for ``server_name`` when there is one."""

    def __init__(self, entry: EntryPoint, server_name: str, timeout: float) -> None:
        super().__init__(entry.address, entry.port, timeout=timeout)
        self._entry, self._server_name, self._timeout = entry, server_name, timeout

    def connect(self) -> None:
        self.sock = self._entry.connect(self._timeout)
        if self._server_name:
            self.sock = _unverified().wrap_socket(self.sock, server_hostname=self._server_name)


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _certificate(entry: EntryPoint, hostname: str, timeout: float) -> dict[str, t.Any]:
    """The certificate that a client of a hostname is shown, and what is wrong with it.

    The ssl module decodes verified certificates only. So it is fetched first, and then verified against itself.
    """
    with _unverified().wrap_socket(entry.connect(timeout), server_hostname=hostname) as tls:
        shown = tls.getpeercert(binary_form=True) or b""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= PARTIAL_CHAIN | NO_CHECK_TIME
    context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(shown))
    try:
        with context.wrap_socket(entry.connect(timeout), server_hostname=hostname) as tls:
            certificate = Certificate.of(tls.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        return {"problem": f"is none for a server: {error.verify_message}"}
    return {**dataclasses.asdict(certificate), "problem": certificate.problem(hostname, time.time())}
