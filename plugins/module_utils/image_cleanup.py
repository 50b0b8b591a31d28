# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that no release on a node needs any more: which of those that we pulled may go, and their removal."""

from __future__ import annotations

import dataclasses
import glob
import os
import time
import typing as t

from . import durable, engine_http, engine_images
from .disk_space import Filesystem
from .engine import Engine
from .errors import TenantryError
from .image_pull import images_path, read_info
from .image_record import Entries, ImageRecord

CLEANUP_ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["pruned"], "default": "pruned"},
    "root": {"type": "path", "default": "/srv/tenantry"},
    "min_age": {"type": "int", "default": 24 * 3600},
}


@dataclasses.dataclass(frozen=True)
class Image:
    """A recorded image that the engine has.

    :ivar size: bytes, as the engine counts them: with the layers that other images share.
    """

    ref: str
    id: str
    size: int

    @property
    def digest(self) -> str:
        return self.ref.rpartition("@")[2]


@dataclasses.dataclass(frozen=True)
class Needs:
    """What is needed on a node.

    :ivar digests: of all images that a manifest of a release names, whoever's and however good.
    :ivar ids: of the images of all containers, and the references that they were made from.
    """

    digests: frozenset[str]
    ids: frozenset[str]

    def of(self, image: Image) -> bool:
        """Whether an image is among them."""
        return image.digest in self.digests or not self.ids.isdisjoint({image.id, image.ref})


def named_digests(root: str) -> frozenset[str]:
    """Digests of the images that any release of any tenant names.

    :raises TenantryError: kind ``corrupt`` for a manifest that says nothing of images: then nothing may go.
    """
    digests: set[str] = set()
    for path in glob.glob(os.path.join(glob.escape(root), "*", "releases", "*", "RELEASE.json")):
        manifest = durable.read_json(path)
        if manifest is None:
            continue  # it went meanwhile
        try:
            digests.update(str(image["digest"]) for image in manifest["images"].values())
        except (TypeError, KeyError, AttributeError) as error:
            raise TenantryError(
                f"{path} does not say which images its release needs: somebody changed it; remove the release, or "
                "restore the file; no image was removed",
                "corrupt",
                path=path,
            ) from error
    return frozenset(digests)


def used_ids(engine: Engine) -> frozenset[str]:
    """Ids and references of the images of all containers, running or not, ours or not."""
    entries = engine_http.list_all(engine)
    return frozenset(str(entry[key]) for entry in entries for key in ("ImageID", "Image") if entry.get(key))


def removable(images: t.Iterable[Image], needs: Needs, entries: Entries, now: float, min_age: float) -> list[Image]:
    """The recorded images that nothing needs, and nothing needed for a while.

    :param now: seconds since 1970.
    :param min_age: seconds; a release that is being prepared has no manifest yet.
    """
    return [
        image
        for image in images
        if image.ref in entries.images and not needs.of(image) and entries.idle(image.ref, now) >= min_age
    ]


def clean(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Remove the images that nothing needs; returns a module result.

    :raises TenantryError: kinds ``corrupt``, ``engine_unreachable``, ``engine_error``.
    """
    record, min_age = ImageRecord(params["root"]), params["min_age"]
    entries = record.read()
    images = _on_engine(engine, entries)
    going: list[Image] = []
    if images:
        needs = Needs(named_digests(params["root"]), used_ids(engine))
        going = removable(images.values(), needs, entries, time.time(), min_age)
    freed = None if check_mode else 0
    if entries.images and not check_mode:
        before = _free(engine)
        with record.changing() as now:
            now.need(ref for ref, image in images.items() if needs.of(image))
            _forget(now, images, min_age)
        going = [image for image in going if _remove(engine, record, image, min_age)]
        if going:
            freed = _more(before, _free(engine))
    gone = {image.ref for image in going}
    return {
        "changed": bool(going),
        "images": [dataclasses.asdict(image) for image in going],
        # Two references may be of one image.
        "size": sum({image.id: image.size for image in going}.values()),
        "freed": freed,
        "diff": {
            "before": dict.fromkeys(sorted(images), "present"),
            "after": dict.fromkeys(sorted(set(images) - gone), "present"),
        },
    }


def _on_engine(engine: Engine, entries: Entries) -> dict[str, Image]:
    found = {}
    for ref in sorted(entries.images):
        data = engine_images.inspect(engine, ref)
        if data is not None:
            found[ref] = Image(ref, str(data["Id"]), int(data.get("Size") or 0))
    return found


def _forget(entries: Entries, images: t.Mapping[str, Image], min_age: float) -> None:
    """Of what is not on the engine any more, there is nothing to remember."""
    now = time.time()
    for ref in [ref for ref in entries.images if ref not in images and entries.idle(ref, now) >= min_age]:
        del entries.images[ref]


def _remove(engine: Engine, record: ImageRecord, image: Image, min_age: float) -> bool:
    """Remove one image, unless an operation began to need it meanwhile; one at a time, so that no pull waits long."""
    with record.changing() as entries:
        if image.ref not in entries.images or entries.idle(image.ref, time.time()) < min_age:
            return False
        if not engine_images.remove(engine, image.ref):
            entries.need([image.ref])
            return False
        del entries.images[image.ref]
    return True


def _free(engine: Engine) -> int | None:
    path = images_path(engine, read_info(engine))
    place = Filesystem.read(path) if path is not None else None
    return place.free if place is not None else None


def _more(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else max(0, after - before)
