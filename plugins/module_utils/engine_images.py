# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images on an engine: names resolved to digests by their registry, pulled by digest when missing."""

from __future__ import annotations

import dataclasses
import http
import re
import typing as t

from .engine import Engine, explain, is_missing
from .errors import TenantryError
from .polling import Deadline, Pause

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
DOCKER_HUB = "docker.io"

#: A registry that restarts answers again within seconds; more tries would only hide that it is down.
TRIES = 3

#: The engine gives every failure but 404 as status 500, so that only its words tell "not there" from "down".
NOT_THERE = ("manifest unknown", "name unknown")
REFUSED = ("unauthorized", "denied", "no basic auth credentials", "authentication required")


@dataclasses.dataclass(frozen=True)
class ImageName:
    """A reference as people write it, taken apart.

    ``repository`` keeps the registry in front, as the engine wants it; ``digest`` is None for a tag.
    """

    name: str
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, name: str) -> ImageName:
        """Take ``repo[:tag][@sha256:…]`` apart; no tag and no digest means ``latest``, as for docker.

        :raises TenantryError: kind ``invalid``.
        """
        repository, at, digest = name.partition("@")
        if at and not DIGEST.fullmatch(digest):
            raise TenantryError(
                f"image {name!r}: the digest is not sha256: and 64 hexadecimal digits", "invalid", image=name
            )
        tag: str | None = None
        # A colon before the last slash belongs to the registry's port.
        if ":" in repository.rsplit("/", 1)[-1]:
            repository, tag = repository.rsplit(":", 1)
        if not repository:
            raise TenantryError(f"image {name!r} has no repository name", "invalid", image=name)
        return cls(name, repository, tag or (None if digest else "latest"), digest or None)

    @property
    def registry(self) -> str:
        """Host (and port) of the registry; docker.io when the name has none."""
        first, slash, _rest = self.repository.partition("/")
        return first if slash and ("." in first or ":" in first or first == "localhost") else DOCKER_HUB

    def ref(self, digest: str) -> str:
        return f"{self.repository}@{digest}"


def resolve(engine: Engine, image: ImageName) -> str:
    """The digest an image has now; asks the registry only when the name carries none.

    :raises TenantryError: kinds ``image_missing``, ``registry_unreachable``, ``engine_unreachable``.
    """
    if image.digest is not None:
        return image.digest
    answer = _with_registry(engine, image, f"{image.repository}:{image.tag}", engine.client.inspect_distribution)
    return str(answer["Descriptor"]["digest"])


def config(engine: Engine, image: str) -> dict[str, t.Any]:
    """What an image gives its containers; empty when it is gone while they live."""
    try:
        with engine.doing(f"inspect image {image[:19]}"):
            return engine.client.inspect_image(image)["Config"] or {}
    except TenantryError as error:
        if is_missing(error):
            return {}
        raise


def inspect(engine: Engine, ref: str) -> dict[str, t.Any] | None:
    """What the engine says of an image; None when it has none."""
    try:
        with engine.doing(f"inspect image {ref}"):
            data: dict[str, t.Any] = engine.client.inspect_image(ref)
            return data
    except TenantryError as error:
        if is_missing(error):
            return None
        raise


def image_id(engine: Engine, ref: str) -> str | None:
    """The engine's own id of an image it has; None when it has none."""
    data = inspect(engine, ref)
    return None if data is None else str(data["Id"])


def remove(engine: Engine, ref: str) -> bool:
    """Take one reference from the engine, and the image with the last one. Fine when it is gone already.

    :returns: False when a container uses it.
    """
    try:
        with engine.doing(f"remove image {ref}"):
            # Untagged parents were built here, by whomever: they are not ours.
            engine.client.remove_image(ref, force=False, noprune=True)
    except TenantryError as error:
        if getattr(error.__cause__, "status_code", None) == http.HTTPStatus.CONFLICT:
            return False
        if not is_missing(error):
            raise
    return True


def pull(engine: Engine, image: ImageName, digest: str) -> str:
    """Pull by digest.

    :returns: the engine's own id of the image.
    :raises TenantryError: kinds ``image_missing``, ``registry_unreachable``, ``engine_unreachable``, ``engine_error``.
    """
    ref = image.ref(digest)

    def stream(_ref: str) -> None:
        for line in engine.client.pull(image.repository, tag=digest, stream=True, decode=True):
            if "error" in line:
                # Failures after the headers come in the stream, not as a status.
                raise TenantryError(str(line["error"]), "engine_error")

    _with_registry(engine, image, ref, stream)
    found = image_id(engine, ref)
    if found is None:
        raise TenantryError(
            f"the engine pulled {ref} and yet has no such image: somebody removed it meanwhile; run again",
            "image_missing",
            image=image.name,
            registry=image.registry,
        )
    return found


def _with_registry(engine: Engine, image: ImageName, ref: str, ask: t.Callable[[str], t.Any]) -> t.Any:
    deadline, pause = Deadline(30), Pause(0.5, 2)
    for left in reversed(range(TRIES)):
        try:
            with engine.doing(f"ask registry {image.registry} for image {ref}"):
                return ask(ref)
        except TenantryError as error:
            failure = _registry_failure(image, ref, error)
            if failure.error_kind != "registry_unreachable" or not left or deadline.passed():
                raise failure from error
            pause.sleep(deadline)
    raise AssertionError("unreachable")


def _registry_failure(image: ImageName, ref: str, error: TenantryError) -> TenantryError:
    if error.error_kind not in ("not_found", "engine_error"):
        return error
    reason = explain(error.__cause__ or error)
    words = reason.lower()
    details = {"image": image.name, "registry": image.registry}
    if any(text in words for text in REFUSED):
        return TenantryError(
            f"registry {image.registry} does not give out image {ref} to this node: it is not there, or the node needs "
            f"`docker login {image.registry}` ({reason})",
            "image_missing",
            **details,
        )
    if is_missing(error) or any(text in words for text in NOT_THERE):
        return TenantryError(
            f"image {ref} is not in registry {image.registry}: push it there, or correct the image in the tenant's "
            f"row ({reason})",
            "image_missing",
            **details,
        )
    if "invalid reference format" in words:
        return TenantryError(f"image {ref!r} is not a valid image name ({reason})", "invalid", **details)
    if "no space left" in words:
        return TenantryError(
            f"no room on the node's disk for image {ref}: remove what no release needs (ansible-playbook "
            f"tenantry.platform.clean), then run again ({reason})",
            "disk_full",
            **details,
        )
    return TenantryError(
        f"registry {image.registry} did not answer for image {ref}: see that it runs and that the node reaches it, "
        f"then run again ({reason})",
        "registry_unreachable",
        **details,
    )
