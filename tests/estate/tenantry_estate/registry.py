# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local registry: a container that serves the estate's images by digest, as production pulls them."""

from __future__ import annotations

import http.client
import json
import socket
import time

from tenantry_estate import images
from tenantry_estate.catalogue import IMAGES, REGISTRY, Image
from tenantry_estate.shell import EstateError, attempt, run, say, tail
from tenantry_estate.state import State

NAME = "tenantry-estate-registry"
NETWORK = "tenantry-estate"
LABEL = "tenantry.estate=true"
HOST = "127.0.0.1"
FIRST_PORT = 5055
LAST_PORT = 5154
INSIDE_PORT = 5000
READY_SECONDS = 30.0
MANIFEST_TYPES = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)


def ensure(state: State) -> str:
    """The registry runs and answers; gives its address, which the state holds too.

    :raises EstateError: when it does not answer, with the end of its log.
    """
    images.ensure([REGISTRY], state)
    if attempt(["docker", "network", "inspect", NETWORK]).returncode:
        run(["docker", "network", "create", f"--label={LABEL}", NETWORK])
    address = _running()
    if address is None:
        address = _start()
    _wait(address)
    state.data["registry"] = address
    state.save()
    return address


def push(state: State) -> None:
    """Every image that is built from its sources as they are now stands in the registry; the state says its digest.

    :raises EstateError: when a push fails.
    """
    address = state.data["registry"]
    entries = {}
    references = {image: f"{address}/tenantry/{image.key}" for image in IMAGES}
    have = images.known([*(image.local for image in IMAGES), *references.values()])
    for image, reference in references.items():
        if not images.current(image, have):
            continue
        identity = have[image.local].identity
        digest = _digest_of(address, image, identity)
        if digest is None or reference not in have or have[reference].identity != identity:
            run(["docker", "tag", image.local, reference])
        if digest is None:
            say(f"pushing {image.key} to {address}")
            run(["docker", "push", reference])
            digest = _digest_of(address, image, identity)
            if digest is None:
                raise EstateError(
                    f"pushed {reference}, but the registry holds another image under that name: push again"
                )
        entries[image.key] = {"ref": reference, "digest": digest}
    state.data["images"] = entries
    state.save()


def free_port(first: int = FIRST_PORT, last: int = LAST_PORT) -> int:
    """The first port of the range that nobody listens on.

    :raises EstateError: when all are taken.
    """
    for port in range(first, last + 1):
        with socket.socket() as probe:
            # As the engine's proxy binds it: a connection of a registry that has just gone is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise EstateError(f"no free port for the registry on {HOST} from {first} to {last}")


def _running() -> str | None:
    """The address of our running container of the current image; one that is stopped or outdated is removed."""
    shown = attempt(["docker", "container", "inspect", NAME])
    if shown.returncode:
        return None
    container = json.loads(shown.stdout)[0]
    if (container["Config"]["Labels"] or {}).get("tenantry.estate") != "true":
        raise EstateError(f"container {NAME} exists but is not the estate's (no label {LABEL}): rename or remove it")
    bindings = (container["HostConfig"]["PortBindings"] or {}).get(f"{INSIDE_PORT}/tcp") or [{}]
    if container["State"]["Running"] and container["Image"] == images.image_id(REGISTRY.local):
        return f"{HOST}:{bindings[0].get('HostPort')}"
    # Not started again: its port may be taken by now. What was pushed is on the volume.
    run(["docker", "rm", "--force", NAME])
    return None


def _start() -> str:
    port = free_port()
    address = f"{HOST}:{port}"
    say(f"starting the registry on {address}" + ("" if port == FIRST_PORT else f", because port {FIRST_PORT} is taken"))
    options = [
        f"--name={NAME}",
        f"--label={LABEL}",
        f"--network={NETWORK}",
        f"--publish={address}:{INSIDE_PORT}",
        f"--volume={NAME}:/var/lib/registry",
        "--restart=unless-stopped",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
    ]
    if attempt(["docker", "volume", "inspect", NAME]).returncode:
        run(["docker", "volume", "create", f"--label={LABEL}", NAME])
    run(["docker", "run", "--detach", *options, REGISTRY.local])
    return address


def _wait(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if _get(address, "/v2/")[0] == 200:
            return
        time.sleep(0.2)
    log = attempt(["docker", "logs", "--tail=15", NAME])
    raise EstateError(
        f"registry {address} did not answer within {READY_SECONDS:g} s; its log ends:\n{tail(log.stdout + log.stderr)}"
    )


def _digest_of(address: str, image: Image, identity: str) -> str | None:
    """The registry's digest of the tag if it is the very image with that id on the engine, else None."""
    status, headers, body = _get(address, f"/v2/tenantry/{image.name}/manifests/{image.tag}")
    if status != 200:
        return None
    digest = headers.get("docker-content-digest")
    # An engine with the containerd image store names images by manifest, the older one by configuration.
    same = identity in (digest, json.loads(body).get("config", {}).get("digest"))
    return digest if same else None


def _get(address: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """One GET; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": MANIFEST_TYPES})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    except (OSError, http.client.HTTPException):
        return 0, {}, b""
    finally:
        connection.close()
