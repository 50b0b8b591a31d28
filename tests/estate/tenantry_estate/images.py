# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building the images: only what changed, by a hash of the sources that every image carries as a label."""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile
import time
import typing as t
import zipfile

from tenantry_estate import packages
from tenantry_estate.catalogue import BASE, PYTHON, SUITE, Image, Wheel, content_hash
from tenantry_estate.shell import EstateError, as_root, attempt, run, say
from tenantry_estate.state import State

# Not tenantry.estate=true: containers inherit their image's labels, and that one says who may remove a container.
LABEL = "tenantry.estate.content"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Built(t.NamedTuple):
    """An image that the engine has."""

    identity: str
    content: str  # the hash of the sources that it was built from; empty for one that is not the estate's


def ensure(images: t.Sequence[Image], state: State) -> list[Image]:
    """Build what is missing or was built from other sources; gives what was built.

    :raises EstateError: when a build fails, with its last lines.
    """
    wanted = dict.fromkeys((BASE, *images))
    have = known([image.local for image in wanted])
    built = []
    for image in wanted:
        if current(image, have):
            continue
        old = have.get(image.local)
        say(f"building {image.key}" + ("" if old is None else ", its sources changed"))
        begin = time.monotonic()
        if image.is_base:
            _bootstrap(state.directory)
        else:
            _build(image, state.directory)
        say(f"built {image.key} in {time.monotonic() - begin:.0f} s")
        if old is not None and old.identity != image_id(image.local):
            # Stays when a container or a pushed name still needs it.
            attempt(["docker", "image", "rm", old.identity])
        built.append(image)
    return built


def known(references: t.Sequence[str]) -> dict[str, Built]:
    """What the engine has of these, under all its names. One question for all: the client takes 30 ms for each."""
    shown = attempt(["docker", "image", "inspect", *references])
    return {
        name: Built(image["Id"], (image["Config"]["Labels"] or {}).get(LABEL, ""))
        for image in json.loads(shown.stdout or "[]")
        for name in image["RepoTags"] or []
    }


def current(image: Image, have: t.Mapping[str, Built]) -> bool:
    """Whether what the engine has is built from the sources as they are now."""
    return image.local in have and have[image.local].content == content_hash(image)


def image_id(reference: str) -> str | None:
    """The engine's id of an image, or None."""
    found = known([reference]).get(reference)
    return found.identity if found else None


def _bootstrap(directory: pathlib.Path) -> None:
    """The base: Debian's minbase and a few packages, straight from a Debian mirror."""
    packages.install(["mmdebstrap", "debian-archive-keyring"], "builds the base image")
    lines = (BASE.sources / "packages.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        tree = pathlib.Path(temporary) / "base.tar"
        run(as_root(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(names)}", SUITE, str(tree)]))
        changes = [
            f"LABEL {LABEL}={content_hash(BASE)}",
            "ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8",
            'CMD ["bash"]',
        ]
        run(["docker", "import", *(f"--change={change}" for change in changes), str(tree), BASE.local])


def _build(image: Image, directory: pathlib.Path) -> None:
    with tempfile.TemporaryFile() as context:
        _write_context(image, context, directory)
        context.seek(0)
        arguments = [f"--build-arg=BASE={BASE.local}"]
        if image.version:
            arguments.append(f"--build-arg=VERSION={image.version}")
        arguments += [f"--build-arg={name}" for name in PROXY_VARIABLES if os.environ.get(name)]
        run(
            # The host's network: a bridge may have no way out where tests run.
            [
                "docker",
                "build",
                "--network=host",
                "--force-rm",
                f"--label={LABEL}={content_hash(image)}",
                *arguments,
                f"--tag={image.local}",
                "-",
            ],
            env={"DOCKER_BUILDKIT": "0"},
            stdin=context,
        )


def _write_context(image: Image, out: t.IO[bytes], directory: pathlib.Path) -> None:
    """The build context as a tar: modes and times do not depend on the checkout's umask or age."""
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, path in image.files.items():
            _add(archive, name, path.read_bytes(), 0o644)
        if image.wheel is not None:
            _add(archive, image.wheel.target, _member(image, image.wheel, directory), 0o755)
        if image.packages is not None:
            for wheel in _download(image.sources / image.packages, directory):
                with zipfile.ZipFile(wheel) as archived:
                    for name in archived.namelist():
                        # Translations are most of Django's files, and nobody reads them here.
                        if "/LC_MESSAGES/" not in name and not name.endswith("/"):
                            _add(archive, f"packages/{name}", archived.read(name), 0o644)


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _member(image: Image, wheel: Wheel, directory: pathlib.Path) -> bytes:
    (path,) = _download(image.sources / wheel.requirements, directory)
    with zipfile.ZipFile(path) as archived:
        name = next(iter(fnmatch.filter(archived.namelist(), f"*{wheel.member}")), None)
        if name is None:
            raise EstateError(f"wheel {path.name} holds no file *{wheel.member}: image {image.key} cannot be built")
        return archived.read(name)


def _download(requirements: pathlib.Path, directory: pathlib.Path) -> list[pathlib.Path]:
    """The wheels that these requirements name, for the images' Python, their hashes checked by pip.

    :param directory: the estate's; they are kept there for the next build.
    """
    kept = directory / "wheels" / hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not (kept / "done").exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        download = ["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", f"--dest={kept}"]
        run([*_pip(), *download, f"--python-version={PYTHON}", f"--requirement={requirements}"])
        (kept / "done").touch()
    return sorted(kept.glob("*.whl"))


@functools.cache
def _pip() -> tuple[str, ...]:
    for candidate in ((sys.executable, "-m", "pip"), ("pip3",), ("pip",)):
        if attempt([*candidate, "--version"]).returncode == 0:
            return candidate
    packages.install(["python3-pip"], "downloads programs from PyPI")
    return ("pip3",)
