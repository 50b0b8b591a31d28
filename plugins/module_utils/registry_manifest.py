# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large images are before they are pulled, as their registry says it.

Credentials are the engine's: a registry that asks for any is not asked again, and the size of its images stays unknown.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import typing as t
import urllib.parse

from .engine_images import DIGEST, DOCKER_HUB, ImageName
from .polling import Deadline

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]  # the SDK needs it too, and says so

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
#: What registries themselves take for a manifest at most.
LONGEST = 4 << 20
CONNECT_SECONDS = 3
ANSWER_SECONDS = 10
#: Where the engine looks for authorities of single registries.
AUTHORITIES = "/etc/docker/certs.d"
#: An index within an index is allowed, and nobody makes one.
DEEPEST = 2

#: Bytes on the disk for each compressed byte. gzip makes one of 2.0 to 3.2 (measured: /usr of Debian 12 gives 2.0, its
#: programs and libraries 2.7, Python packages 3.2), and the compressed copy stays at least until it is unpacked.
UNPACKING = 4

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")


def layer_sizes(manifest: t.Any) -> dict[str, int] | None:
    """Compressed bytes of an image's layers and configuration, by digest; None for what is no manifest with sizes."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("layers"), list):
        return None
    sizes: dict[str, int] = {}
    for part in [manifest.get("config"), *manifest["layers"]]:
        size = part.get("size") if isinstance(part, dict) else None
        if not isinstance(size, int) or size < 0:
            return None
        sizes[str(part.get("digest"))] = size
    return sizes


def of_platform(index: t.Any, system: str, architecture: str) -> str | None:
    """Digest of an index's manifest for a platform; None when it has none.

    Of several variants of an architecture the first: they differ in little but their instructions.

    :param system: as Go calls it, such as ``linux``.
    :param architecture: such as ``amd64``.
    """
    entries = index.get("manifests") if isinstance(index, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        platform = (entry.get("platform") or {}) if isinstance(entry, dict) else {}
        if (platform.get("os"), platform.get("architecture")) == (system, architecture):
            digest = str(entry.get("digest"))
            return digest if DIGEST.fullmatch(digest) else None
    return None


def is_loopback(registry: str) -> bool:
    """Whether a registry is on this machine, by its name alone."""
    host = _hostname(registry)
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_plain(registry: str, config: t.Mapping[str, t.Any]) -> bool:
    """Whether the engine speaks plain http with a registry.

    :param config: ``RegistryConfig`` of the engine's info.
    """
    if is_loopback(registry):
        return True
    index = (config.get("IndexConfigs") or {}).get(registry) or {}
    if index.get("Secure") is False:
        return True
    address = _address(_hostname(registry))
    return address is not None and any(
        address in ipaddress.ip_network(one, strict=False) for one in config.get("InsecureRegistryCIDRs") or ()
    )


def _hostname(registry: str) -> str:
    return urllib.parse.urlsplit(f"//{registry}").hostname or ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _authority(registry: str) -> str | bool:
    """What a registry's certificate is checked with: the authority that the engine was given for it, if any."""
    path = os.path.join(AUTHORITIES, registry, "ca.crt")
    return path if os.path.isfile(path) else True


class Manifests:
    """Manifests of registries, for one platform.

    :param platform: operating system and architecture of the engine, as Go calls them.
    :param config: ``RegistryConfig`` of the engine's info.
    :param seconds: for one answer.
    """

    def __init__(
        self, platform: tuple[str, str], config: t.Mapping[str, t.Any], seconds: float = ANSWER_SECONDS
    ) -> None:
        self._platform = platform
        self._config = config
        self._seconds = seconds
        # Docker Hub gives manifests to holders of a token only.
        self._silent = {DOCKER_HUB}
        self._session = requests.Session()
        # No .netrc; proxies are looked up for each registry.
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def layers(self, image: ImageName, digest: str) -> dict[str, int] | None:
        """Compressed bytes of an image by layer; None when the registry does not tell."""
        for _level in range(DEEPEST + 1):
            manifest = self._read(image, digest)
            if not isinstance(manifest, dict) or "manifests" not in manifest:
                return layer_sizes(manifest)
            chosen = of_platform(manifest, *self._platform)
            if chosen is None:
                return None
            digest = chosen
        return None

    def _read(self, image: ImageName, digest: str) -> t.Any:
        registry = image.registry
        if registry in self._silent or not _HOST.fullmatch(registry):
            return None
        repository = urllib.parse.quote(image.repository[len(registry) + 1 :], safe="/")
        try:
            scheme = "http" if is_plain(registry, self._config) else "https"
            return self._get(f"{scheme}://{registry}/v2/{repository}/manifests/{digest}", registry)
        except (requests.exceptions.RequestException, ValueError):
            # It does not answer, or asks for credentials: one wait is enough.
            self._silent.add(registry)
            return None

    def _get(self, url: str, registry: str) -> t.Any:
        """The JSON at a URL; None where there is none.

        :raises ValueError: for what is no JSON.
        """
        deadline = Deadline(self._seconds)
        with self._session.get(
            url,
            headers={"Accept": ", ".join((*INDEXES, *MANIFESTS))},
            timeout=(min(CONNECT_SECONDS, self._seconds), self._seconds),
            proxies={} if is_loopback(registry) else requests.utils.get_environ_proxies(url),
            verify=_authority(registry),
            stream=True,
        ) as answer:
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_content(1 << 16):
                body += chunk
                if len(body) > LONGEST or deadline.passed():
                    raise ValueError("the manifest is too long, or comes too slowly")
            return json.loads(body)


def estimate(layers: t.Mapping[str, t.Mapping[str, int] | None]) -> dict[str, int | None]:
    """Bytes that images take on the disk, by reference; a layer that several have counts with the first.

    Which layers the engine has already, no API of it says: all count, so that it is rather too much.

    :param layers: of each image by reference, as :meth:`Manifests.layers` says it.
    """
    seen: set[str] = set()
    sizes: dict[str, int | None] = {}
    for ref, parts in layers.items():
        sizes[ref] = None if parts is None else UNPACKING * sum(size for one, size in parts.items() if one not in seen)
        seen.update(parts or ())
    return sizes
