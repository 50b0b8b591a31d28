# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images there are, and what each is made from."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import typing as t

from tenantry_estate.shell import EstateError

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "images"
SUITE = "bookworm"
PYTHON = "3.11"  # of that suite: for it the packages below are chosen
DATA = "data"  # databases, object storage and applications with real migration tools


@dataclasses.dataclass(frozen=True)
class Wheel:
    """A file that is taken out of a PyPI wheel and put into the build context."""

    requirements: str  # a file in the image's sources, with hashes
    member: str  # the end of the file's name inside the wheel
    target: str  # its name in the build context


@dataclasses.dataclass(frozen=True)
class Image:
    """One image; its sources stand in ``images/<name>/``."""

    name: str
    tag: str
    version: str | None = None  # the build argument VERSION
    wheel: Wheel | None = None
    packages: str | None = None  # a file in its sources, with hashes: these Python packages stand below ``packages/``
    shares: tuple[str, ...] = ()  # other directories of sources, in the build context under their names
    group: str | None = None  # built only when it, or its group, is named
    root: pathlib.Path = SOURCES  # where ``<name>/`` with its sources stands

    @property
    def key(self) -> str:
        """As people and the state file name it: ``sample:1.0.0``."""
        return f"{self.name}:{self.tag}"

    @property
    def names(self) -> set[str]:
        """By which it can be asked for."""
        return {self.name, self.key, self.group or self.name}

    @property
    def local(self) -> str:
        """Its name on the engine before it is pushed anywhere."""
        return f"tenantry-estate/{self.key}"

    @property
    def sources(self) -> pathlib.Path:
        """The directory with its Dockerfile."""
        return self.root / self.name

    @property
    def files(self) -> dict[str, pathlib.Path]:
        """What its build context is made of: name in there -> file."""
        files = {path.relative_to(self.sources).as_posix(): path for path in source_files(self.sources)}
        for name in self.shares:
            files |= {path.relative_to(self.root).as_posix(): path for path in source_files(self.root / name)}
        return files

    @property
    def is_base(self) -> bool:
        """The base is bootstrapped; every other image is built on it."""
        return self.name == "base"


BASE = Image("base", SUITE)
REGISTRY = Image("registry", "2")
USUAL = (
    BASE,
    *(Image("sample", version, version=version) for version in ("1.0.0", "1.1.0", "2.0.0", "broken")),
    Image("postgres", "15"),
    Image("redis", "7"),
    Image("traefik", "3.7.15", wheel=Wheel("requirements.txt", "/scripts/traefik", "traefik")),
    Image("powerdns", "4.7"),
    REGISTRY,
    Image("machine", SUITE),
)
DBMATE = Wheel("requirements.txt", "/scripts/dbmate", "dbmate")
RELEASES = ("1.0.0", "1.1.0", "2.0.0", "edited")
FAILING = ("half", "half-autocommit", "slow-lock", "concurrent")
ON_DEMAND = (
    Image("mariadb", "10.11", group=DATA),
    Image("s3", "4.48", wheel=Wheel("requirements.txt", "/scripts/weed", "weed"), group=DATA),
    *(
        Image(name, version, version=version, packages="requirements.txt", shares=("serve",), group=DATA)
        for name in ("notes", "blog")
        for version in (*RELEASES, *FAILING)
    ),
    *(
        Image("dbmate", version, version=version, wheel=DBMATE, group=DATA)
        for version in ("1.0.0", "1.1.0", "edited", "half")
    ),
)
IMAGES = (*USUAL, *ON_DEMAND)


def chosen(names: t.Sequence[str]) -> list[Image]:
    """The images of these names (``sample``, ``sample:1.0.0``, or the group ``data``); the usual ones without a name.

    :raises EstateError: for a name that is no image, with those that are.
    """
    if not names:
        return list(USUAL)
    unknown = [name for name in names if not any(name in image.names for image in IMAGES)]
    if unknown:
        raise EstateError(f"no such image: {', '.join(unknown)}; there are {', '.join(image.key for image in IMAGES)}")
    return [image for image in IMAGES if not image.names.isdisjoint(names)]


def content_hash(image: Image) -> str:
    """What the image is made from as one hash: its files, its arguments and the image below it."""
    digest = hashlib.sha256()
    parts = [
        f"suite {SUITE}" if image.is_base else f"base {content_hash(BASE)}",
        f"version {image.version}",
        f"wheel {image.wheel}",
    ]
    if image.packages:
        parts.append(f"packages {image.packages} {PYTHON}")
    for part in parts:
        digest.update(part.encode() + b"\0")
    for name, path in image.files.items():
        content = path.read_bytes()
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()


def source_files(directory: pathlib.Path) -> list[pathlib.Path]:
    """Every file below, in order, without what Python and editors leave behind."""
    return [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith(("~", ".pyc", ".swp"))
    ]
