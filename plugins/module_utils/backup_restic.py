# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restic on a node: one repository for each service of a tenant, in a directory or in S3."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import typing as t

from . import backup_process
from .backup_process import Ended, Mark
from .backup_repository import Repository
from .errors import TenantryError
from .polling import Deadline
from .redaction import Redactor

TOOL = "restic"

#: What restic says when there is no repository, in the words of its versions 0.14 to 0.18, by a directory and by S3.
_MISSING = re.compile(r"unable to open config file|repository does not exist|Is there a repository at the following")
_ABSENT = re.compile(r"no such file or directory|key does not exist|repository does not exist")
_NO_BUCKET = re.compile(r"bucket does not exist|NoSuchBucket")
_LOCKED = re.compile(r"repository is already locked|unable to create lock")
_WRONG_PASSPHRASE = re.compile(r"wrong password|no key found")
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)

#: A retry of S3 takes seconds; what is away for longer is told, and tried again by the next run.
_S3_RETRIES = 3


@dataclasses.dataclass(frozen=True)
class Stored:
    """A snapshot of restic.

    :ivar tags: our own ones, name to value.
    """

    id: str
    time: str
    paths: tuple[str, ...]
    tags: t.Mapping[str, str]

    @classmethod
    def from_json(cls, data: t.Mapping[str, t.Any]) -> Stored:
        tags = dict(tag.partition("=")[::2] for tag in data.get("tags") or [] if "=" in tag)
        return cls(data["id"], data["time"], tuple(data.get("paths") or ()), tags)


@dataclasses.dataclass(frozen=True)
class Saved:
    """What restic said of a backup that it made.

    :ivar bytes: read.
    :ivar added: written to the repository.
    """

    id: str
    bytes: int
    added: int


@dataclasses.dataclass(frozen=True)
class Restic:
    """The repository of one service of one tenant.

    :ivar cache: directory for what restic keeps of it.
    """

    repository: Repository
    tenant: str
    service: str
    cache: str
    mark: Mark

    @property
    def place(self) -> str:
        return self.repository.place(self.tenant, self.service, TOOL)

    @property
    def url(self) -> str:
        one = self.repository
        return f"s3:{one.endpoint}/{one.bucket}{self.place}" if one.kind == "s3" else self.place

    @property
    def redactor(self) -> Redactor:
        return Redactor([*self.repository.secrets, self.repository.passphrase_of(self.tenant, self.service)])

    def ensure(self, deadline: Deadline) -> None:
        """Make the repository where there is none. restic refuses to make one in the place of another.

        :raises TenantryError: kinds ``wrong_passphrase``, ``repository_unreachable``, ``backup_timeout``.
        """
        if not self._surely_missing():
            ended = self._run(["cat", "config"], deadline) if self.repository.kind != "posix" else None
            if ended is None or ended.code == 0:
                return
            if not _is_missing(ended):
                raise self._failure("open", ended)
        self._do("make", ["init"], deadline)

    def _surely_missing(self) -> bool:
        """Whether a look at the directory says so, which costs nothing."""
        if self.repository.kind != "posix":
            return False
        if not os.path.isdir(self.repository.path):
            raise TenantryError(
                f"repository {self.repository.name}: there is no directory {self.repository.path} on this node: mount "
                "or make it; it is not made here, so that a missing mount is noticed",
                "repository_unreachable",
            )
        return not os.path.exists(os.path.join(self.place, "config"))

    def save(self, directory: str, name: str, tags: t.Sequence[str], deadline: Deadline) -> Saved:
        """Store what is called ``name`` in ``directory``, under that name alone, with its mode and owner.

        :raises TenantryError: kind ``source_unreadable`` when a part of it could not be read: restic stores the rest.
        """
        words = ["backup", "--json", "--host", self.tenant, *(f"--tag={tag}" for tag in tags), "--", name]
        ended = self._do("store in", words, deadline, cwd=directory, tolerated=(3,))
        summary = next((one for one in _lines(ended) if one.get("message_type") == "summary"), None)
        if summary is None or "snapshot_id" not in summary:
            raise self._failure("store in", ended)
        saved = Saved(summary["snapshot_id"], int(summary["total_bytes_processed"]), int(summary["data_added"]))
        if ended.code == 3:
            self.forget([saved.id], deadline)
            raise TenantryError(
                f"restic could not read all of {os.path.join(directory, name)}: {ended.said(self.redactor)}; files "
                "that come and go while they are read belong to a service with an engine of its own, or exclude them",
                "source_unreadable",
            )
        return saved

    def retag(self, snapshot: str, remove: str, add: t.Sequence[str], deadline: Deadline) -> None:
        words = ["tag", "--quiet", f"--remove={remove}", *(f"--add={tag}" for tag in add), snapshot]
        self._do("mark in", words, deadline)

    def snapshots(self, deadline: Deadline) -> list[Stored]:
        """All of them, oldest first; none when there is no repository yet."""
        if self._surely_missing():
            return []
        ended = self._run_unlocked(["snapshots", "--json", "--no-lock"], deadline)
        if ended.code != 0 and _is_missing(ended):
            return []
        if ended.code != 0:
            raise self._failure("list", ended)
        try:
            return sorted((Stored.from_json(one) for one in json.loads(ended.text) or []), key=lambda one: one.time)
        except (ValueError, KeyError, TypeError) as error:
            raise TenantryError(
                f"restic did not list repository {self.repository.name} in words that are known ({error}): use a "
                "version from 0.14 to 0.18",
                "repository_error",
            ) from error

    def check(self, share: str, deadline: Deadline) -> list[str]:
        """Read the repository; returns what is wrong with it.

        :param share: how much of the stored data to read, as in ``100%``.
        """
        ended = self._run_unlocked(["check", f"--read-data-subset={share}"], deadline)
        text = ended.stderr.decode("utf-8", "replace") + ended.text
        if ended.code == 0 and "no errors were found" in text:
            return []
        if ended.code != 0 and "repository contains errors" not in text:
            raise self._failure("check", ended)
        wrong = [
            line.strip() for line in text.splitlines() if re.search(r"error|damaged|invalid|not match", line, re.I)
        ]
        return self.redactor.lines(wrong[:10]) or [f"restic check: {ended.said(self.redactor)}"]

    def forget(self, snapshots: t.Sequence[str], deadline: Deadline) -> None:
        self._do("forget in", ["forget", "--quiet", *snapshots], deadline)

    def prune(self, deadline: Deadline) -> None:
        """Remove what no snapshot needs."""
        self._do("prune", ["prune", "--quiet"], deadline)

    def restore(self, snapshot: str, target: str, deadline: Deadline) -> None:
        """Write a snapshot below ``target`` and compare every file with it."""
        ended = self._do("restore from", ["restore", snapshot, "--target", target, "--verify"], deadline)
        if re.search(r"There were \d+ errors|ignoring error", ended.stderr.decode("utf-8", "replace")):
            raise self._failure("restore from", ended)

    def _do(
        self,
        verb: str,
        words: t.Sequence[str],
        deadline: Deadline,
        cwd: str | None = None,
        tolerated: tuple[int, ...] = (),
    ) -> Ended:
        ended = self._run_unlocked(words, deadline, cwd)
        if ended.code != 0 and ended.code not in tolerated:
            raise self._failure(verb, ended)
        return ended

    def _run_unlocked(self, words: t.Sequence[str], deadline: Deadline, cwd: str | None = None) -> Ended:
        """A run that was killed leaves its lock in the repository: that one, and no live one, is removed."""
        ended = self._run(words, deadline, cwd)
        if ended.code != 0 and _LOCKED.search(ended.stderr.decode("utf-8", "replace")):
            self._run(["unlock", "--quiet"], deadline)
            ended = self._run(words, deadline, cwd)
        return ended

    def _run(self, words: t.Sequence[str], deadline: Deadline, cwd: str | None = None) -> Ended:
        one = self.repository
        environment = {
            "RESTIC_REPOSITORY": self.url,
            "RESTIC_PASSWORD": one.passphrase_of(self.tenant, self.service),
            "RESTIC_PROGRESS_FPS": "0.02",
        }
        options: list[str] = []
        if one.kind == "s3":
            environment.update(AWS_ACCESS_KEY_ID=one.access_key, AWS_SECRET_ACCESS_KEY=one.secret_key)
            options = [
                "-o",
                f"s3.region={one.region}",
                "-o",
                "s3.bucket-lookup=path",
                "-o",
                f"s3.retries={_S3_RETRIES}",
            ]
            options += ["--cacert", one.ca_file] if one.ca_file else []
        options += ["--cache-dir", self.cache] if one.kind == "s3" else ["--no-cache"]
        return backup_process.run([TOOL, *options, *words], self.mark, deadline, environment, cwd)

    def _failure(self, verb: str, ended: Ended) -> TenantryError:
        raw = ended.stderr.decode("utf-8", "replace")
        what = f"restic cannot {verb} repository {self.repository.name} of service {self.service} of {self.tenant}"
        said = ended.said(self.redactor)
        if _WRONG_PASSPHRASE.search(raw):
            return TenantryError(
                f"{what}: its passphrase is another one ({said}); give it the one that it was made with",
                "wrong_passphrase",
            )
        if _LOCKED.search(raw):
            return TenantryError(f"{what}: another run holds it ({said}); wait for it to end", "backup_running")
        if _FULL.search(raw):
            return TenantryError(f"{what}: there is no room ({said}); free some there", "disk_full")
        if _NO_BUCKET.search(raw):
            return TenantryError(
                f"{what}: there is no bucket {self.repository.bucket} ({said}); make it, it is not made here",
                "repository_unreachable",
            )
        if _MISSING.search(raw):
            return TenantryError(f"{what}: it does not answer ({said}); see that it is there", "repository_unreachable")
        return TenantryError(f"{what}: it ended with code {ended.code} and said: {said}", "repository_error")


def _is_missing(ended: Ended) -> bool:
    """Whether there is a place for the repository, and none in it."""
    said = ended.stderr.decode("utf-8", "replace")
    # restic would make a bucket, too, and a misspelled one would be told by nobody.
    return bool(_MISSING.search(said) and _ABSENT.search(said) and not _NO_BUCKET.search(said))


def _lines(ended: Ended) -> t.Iterator[dict[str, t.Any]]:
    for line in ended.text.splitlines():
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict):
            yield data
