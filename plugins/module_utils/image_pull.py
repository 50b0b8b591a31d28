# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of a release, resolved and pulled: recorded as ours, and refused before they fill the disk."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t

from . import disk_space, engine_images, registry_manifest
from .disk_space import Filesystem, Floor
from .engine import Engine
from .engine_images import ImageName
from .errors import TenantryError
from .image_record import Entries, ImageRecord

UNIX = "unix://"
#: Where a containerd of its own keeps the images of an engine, which names only its own directory.
CONTAINERD = "/var/lib/containerd"

#: What to pull, by the reference that is pulled.
Missing = t.Mapping[str, ImageName]


@dataclasses.dataclass(frozen=True)
class Room:
    """Where pulled images go, and how much must stay free there.

    :ivar floor: None when nothing is looked at.
    :ivar path: on the filesystem of the images; None means the engine's own directory.
    :ivar record: which images are ours; None when nobody keeps it.
    """

    floor: Floor | None
    path: str | None
    record: ImageRecord | None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> Room:
        """From the options of the module.

        :raises TenantryError: kind ``invalid``.
        """
        root = params["root"] or (params["operation"] or {}).get("root")
        return cls(
            Floor.parse(params["space_floor"]), params["space_path"], ImageRecord(root) if root is not None else None
        )


def ensure_pulled(engine: Engine, names: t.Sequence[str], room: Room, check_mode: bool) -> dict[str, t.Any]:
    """Resolve each name and pull what the engine lacks; everything is resolved before the first pull.

    :returns: a module result: ``changed``, ``images`` by name, ``space``, ``diff``.
    :raises TenantryError: kind ``disk_full_ahead`` before anything is pulled, and those of
        :func:`engine_images.resolve` and :func:`engine_images.pull`.
    """
    wanted = {name: ImageName.parse(name) for name in names}
    refs = {name: image.ref(engine_images.resolve(engine, image)) for name, image in wanted.items()}
    if room.record is not None and not check_mode:
        # Before looking what is there: from here on, no cleanup takes it away.
        with room.record.changing() as entries:
            entries.need(refs.values())
    found = {ref: engine_images.image_id(engine, ref) for ref in refs.values()}
    missing = {refs[name]: image for name, image in wanted.items() if found[refs[name]] is None}
    space = None
    if missing:
        info = read_info(engine) if room.floor is not None else {}
        sizes = _sizes(engine, info, missing) if room.floor is not None else dict.fromkeys(missing)
        path = room.path or images_path(engine, info)
        with _changing(room.record, check_mode) as entries:
            space = _require_room(room, path, entries, sizes)
            entries.begin({ref: size or 0 for ref, size in sizes.items()})
        if not check_mode:
            found.update(_pull(engine, missing, room.record))
    images = {
        name: {
            "digest": ref.rpartition("@")[2],
            "ref": ref,
            "id": found[ref],
            "pulled": ref in missing,
        }
        for name, ref in refs.items()
    }
    return {
        "changed": bool(missing),
        "images": images,
        "space": space,
        "diff": {
            "before": {ref: None if ref in missing else "present" for ref in refs.values()},
            "after": dict.fromkeys(refs.values(), "present"),
        },
    }


@contextlib.contextmanager
def _changing(record: ImageRecord | None, check_mode: bool) -> t.Iterator[Entries]:
    """The record, to be changed; a copy in check mode."""
    if record is None or check_mode:
        yield record.read() if record is not None else Entries()
        return
    with record.changing() as entries:
        yield entries


def _pull(engine: Engine, missing: Missing, record: ImageRecord | None) -> dict[str, str]:
    pulled: dict[str, str] = {}
    try:
        for ref, image in missing.items():
            pulled[ref] = engine_images.pull(engine, image, ref.rpartition("@")[2])
    finally:
        if record is not None:
            with record.changing() as entries:
                for ref in missing:
                    (entries.pulled if ref in pulled else entries.not_pulled)(ref)
    return pulled


def read_info(engine: Engine) -> dict[str, t.Any]:
    """What the engine says of itself."""
    with engine.doing("ask for what it is"):
        info: dict[str, t.Any] = engine.client.info()
    return info


def images_path(engine: Engine, info: t.Mapping[str, t.Any]) -> str | None:
    """The directory in which the engine keeps images; None where it is not this machine's.

    :param info: what :func:`read_info` returned.
    """
    if not engine.host.startswith(UNIX):
        return None
    in_containerd = any("io.containerd.snapshotter" in str(value) for _name, value in info.get("DriverStatus") or ())
    address = str((info.get("Containerd") or {}).get("Address") or "/run/containerd/")
    if in_containerd and address.startswith("/run/containerd/") and os.path.isdir(CONTAINERD):
        return CONTAINERD
    return str(info.get("DockerRootDir") or "") or None


def _sizes(engine: Engine, info: t.Mapping[str, t.Any], missing: Missing) -> dict[str, int | None]:
    """Bytes that each image takes on the disk; None where its registry does not tell."""
    with engine.doing("ask for its platform"):
        version = engine.client.version()
    platform = str(version.get("Os")), str(version.get("Arch"))
    with contextlib.closing(registry_manifest.Manifests(platform, info.get("RegistryConfig") or {})) as manifests:
        layers = {ref: manifests.layers(image, ref.rpartition("@")[2]) for ref, image in missing.items()}
    return registry_manifest.estimate(layers)


def _require_room(
    room: Room, path: str | None, entries: Entries, sizes: t.Mapping[str, int | None]
) -> dict[str, t.Any] | None:
    """Refuse a pull that would not leave the floor, where images go and where releases go.

    :param path: where images go; None when nobody knows.
    :returns: what was found there; None when nothing was looked at.
    :raises TenantryError: kinds ``disk_full_ahead``, ``invalid``.
    """
    if room.floor is None:
        return None
    # What others pull already was measured by them, and they may have half of it by now.
    new = [size for ref, size in sizes.items() if not entries.being_pulled(ref)]
    known = [size for size in new if size is not None]
    purpose = f"pulling {len(sizes)} image{'' if len(sizes) == 1 else 's'}"
    place = Filesystem.read(path) if path is not None else None
    if place is None and room.path is not None:
        raise TenantryError(f"space_path {path} does not exist on this node: correct it", "invalid")
    space = None
    if place is not None:
        promised = entries.promised() if new else 0
        space = disk_space.require(place, room.floor, purpose, sum(known) if known else None, promised)
    releases = Filesystem.read(room.record.root) if room.record is not None else None
    if releases is not None and (place is None or not _same(releases.path, place.path)):
        disk_space.require(releases, room.floor, "a new release", None)
    return space


def _same(one: str, other: str) -> bool:
    return os.stat(one).st_dev == os.stat(other).st_dev
