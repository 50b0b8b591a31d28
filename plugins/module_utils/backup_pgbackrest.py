# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pgBackRest in the container of a PostgreSQL server: the whole cluster, and every moment since."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from . import backup_pg_dump, backup_pgbackrest_conf, backup_pgbackrest_output, backup_timeline
from .backup_driver import FULL, Backup, Choice, Finding, Keep
from .backup_pgbackrest_output import ENGINE, Listing
from .backup_process import Ended
from .backup_retention import fulls_to_keep, moment
from .backup_server import Server
from .backup_timeline import Branch
from .errors import TenantryError
from .polling import Deadline, Pause, wait_until

#: How long a segment may be on its way while later ones are there already.
GAP_SECONDS = 10

#: How long a restore waits for what a server that runs has not archived yet.
HAND_OVER_SECONDS = 120

_TYPES = {"full": "full", "incremental": "incr"}

_READY = "select name from pg_ls_archive_statusdir() where name like '%.ready'"

SEGMENT_BYTES = "select pg_size_bytes(current_setting('wal_segment_size'))"


@dataclasses.dataclass
class PgBackRest:
    """The backups of one cluster. Its configuration lies in the container (see backup_pgbackrest_conf).

    :ivar find: finds the container that has the tool and its configuration.
    :ivar names: of the repositories.
    :ivar kind: ``full`` or ``incremental``.
    :ivar places: of the repositories, by which they are found in the configuration; without any, its order is theirs.
    """

    find: t.Callable[[Deadline], Server]
    stanza: str
    names: tuple[str, ...]
    kind: str = FULL
    places: tuple[str, ...] = ()
    _configured: tuple[str, ...] = ()
    _not_made: TenantryError | None = None
    _branches: dict[str, Branch | None] = dataclasses.field(default_factory=dict)

    engine = ENGINE

    @property
    def repositories(self) -> tuple[str, ...]:
        return self.names

    def check(self, deadline: Deadline) -> None:
        server = self._server(deadline)
        if server.must(["cat", "/proc/1/comm"], deadline).text.strip() == "postgres":
            raise TenantryError(
                f"container {server.container.name} runs postgres as its first process: a helper of pgBackRest that "
                "ends after its parent would be taken for a crash of the server, which then restarts as a whole; give "
                "the service an init process (init: true)",
                "no_init",
            )
        backup_pg_dump.query(server, "select 1", deadline)

    def prepare(self, deadline: Deadline) -> None:
        """Make the stanza in repositories that lack it. One that hangs has its share of the time, as later."""
        self.check(deadline)
        if any(self._lacks_stanza(name, self._share(deadline)) for name in self.repositories):
            server = self._server(deadline)
            try:
                # It is made in all at once, in their order; who still lacks it is told by its backup.
                self._must(server, ["stanza-create"], self._share(deadline))
            except TenantryError as error:
                self._not_made = error
            # After some failures the server waits for a minute before it tries to archive again, unless this is new.
            backup_pg_dump.query(server, "select pg_switch_wal()", deadline)

    def _share(self, deadline: Deadline) -> Deadline:
        return Deadline(deadline.remaining() / (len(self.repositories) + 2))

    def _lacks_stanza(self, repository: str, deadline: Deadline) -> bool:
        try:
            return not self._listing(self._server(deadline), repository, deadline).exists
        except TenantryError as error:
            if error.error_kind not in ("repository_unreachable", "repository_unknown", "backup_timeout"):
                raise
            return False

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        server = self._server(deadline)
        listing = self._listing(server, repository, deadline)
        if not listing.exists and self._not_made is not None:
            raise self._not_made
        before = {one.label for one in listing.backups}
        self._must(server, [*self._only(repository), f"--type={_TYPES[self.kind]}", "backup"], deadline)
        made = [one for one in self._listing(server, repository, deadline).backups if one.label not in before]
        if not made:
            raise TenantryError(
                f"pgBackRest ended well, and yet repository {repository} has no new backup of stanza {self.stanza}",
                "backup_failed",
            )
        if made[-1].error:
            raise TenantryError(
                f"backup {made[-1].label} in repository {repository}: {made[-1].error}; see which with pg_amcheck and "
                "the log of the server, and keep the backups from before",
                "backup_damaged",
            )
        return made

    def finish(self) -> None:
        """Nothing stays in the container."""

    def backups(self, repository: str, deadline: Deadline) -> list[Backup]:
        return self._listing(self._server(deadline), repository, deadline).backups

    def verify(self, repository: str, deadline: Deadline) -> list[Finding]:
        server = self._server(deadline)
        listing = self._listing(server, repository, deadline)
        if not any(not one.error for one in listing.backups):
            return [Finding(repository, "", f"it holds no whole backup of stanza {self.stanza}")]
        ended = self._must(server, [*self._only(repository), "--output=text", "--verbose", "verify"], deadline)
        found = [Finding(repository, one.label, one.error) for one in listing.backups if one.error]
        return [
            *found,
            *backup_pgbackrest_output.findings(ended.text, repository),
            *self._gaps(server, repository, deadline),
        ]

    def _gaps(self, server: Server, repository: str, deadline: Deadline) -> list[Finding]:
        """Missing WAL. Segments are stored several at a time: what is missing between others may be under way."""
        size = int(backup_pg_dump.query(server, SEGMENT_BYTES, deadline))
        words = [*self._only(repository), "--recurse", "repo-ls", f"archive/{self.stanza}"]
        found: list[Finding] = []

        def none_is_missing() -> bool | None:
            since = self._listing(server, repository, deadline).since
            names = self._must(server, words, deadline).text.splitlines()
            found[:] = backup_pgbackrest_output.gaps(names, since, size, repository)
            return None if found else True

        wait_until(none_is_missing, Deadline(min(GAP_SECONDS, deadline.remaining())), Pause(1, 3))
        return found

    def prune(self, repository: str, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        server = self._server(deadline)
        before = self._listing(server, repository, deadline).backups
        fulls = [one.label for one in before if one.kind == FULL]
        count = fulls_to_keep(before, keep, datetime.datetime.now(datetime.timezone.utc))
        gone = fulls[: len(fulls) - count]
        if gone and not check_mode:
            number = self._number(repository)
            words = [f"--repo{number}-retention-full-type=count", f"--repo{number}-retention-full={count}", "expire"]
            self._must(server, [*self._only(repository), *words], deadline)
            after = {one.label for one in self._listing(server, repository, deadline).backups}
            return [one.label for one in before if one.label not in after]
        return [one.label for one in before if one.label.startswith(tuple(gone))] if gone else []

    def restorable(self, choice: Choice) -> t.Callable[[str, Deadline], list[Backup]]:
        """Like :meth:`backups`: those from which the moment that is wanted can be reached.

        After a restore, and more so after a rollback of one, that is not every one from before.
        """

        def backups(repository: str, deadline: Deadline) -> list[Backup]:
            listing = self._listing(self._server(deadline), repository, deadline)
            if choice.label and not choice.target_time:
                return listing.backups
            at = moment(choice.target_time).timestamp() if choice.target_time else None
            branch = self._branches[repository] = self._branch(repository, at, deadline)
            if branch is None:
                return listing.backups
            return [one for one in listing.backups if branch.holds(*listing.ends.get(one.label, (branch.timeline, 0)))]

        return backups

    def _branch(self, repository: str, at: float | None, deadline: Deadline) -> Branch | None:
        """The timeline that the service was on at a moment; None where nothing was archived."""
        server, archive = self._server(deadline), f"archive/{self.stanza}"
        words = [*self._only(repository), "--output=json", "--recurse", "repo-ls", archive]
        files = backup_timeline.archived(self._must(server, words, deadline).text)
        timeline, history = backup_timeline.serving(files, at)
        if not timeline:
            return None
        text = ""
        if history in files:
            text = self._must(server, [*self._only(repository), "repo-get", f"{archive}/{history}"], deadline).text
        return Branch(timeline, backup_timeline.parents(text), backup_timeline.newest(files, timeline))

    def require_replayed(self, backup: Backup, history: str, segment_bytes: int) -> None:
        """See that a replay which should go to the end of the archive came there.

        :param history: history file of the timeline that it began.
        :raises TenantryError: kind ``restore_failed``.
        """
        branch = self._branches.get(backup.repository)
        if branch and branch.lacks(history, segment_bytes):
            raise TenantryError(
                f"the replay of backup {backup.label} ended before WAL segment {branch.newest}, which repository "
                f"{backup.repository} holds: it could not be fetched; see that the repository answers, then run again",
                "restore_failed",
            )

    def restore(self, backup: Backup, choice: Choice, deadline: Deadline) -> None:
        """Write a backup into the empty data directory of the container, and say how far a server shall replay.

        A target that is older than the newest backup has its backup named: the tool would take the newest one.
        """
        branch = self._branches.get(backup.repository)
        words = [*self._only(backup.repository), f"--set={backup.label}", "--archive-mode=off"]
        words += [f"--target-timeline={branch.number if branch else 'current'}"]
        if choice.target_time:
            target = moment(choice.target_time).isoformat(sep=" ")
            words += ["--type=time", f"--target={target}", "--target-action=promote"]
        elif choice.label:
            words += ["--type=immediate", "--target-action=promote"]
        self._must(self._server(deadline), [*words, "restore"], deadline)

    def hand_over(self, deadline: Deadline) -> bool:
        """Have the server archive all that was committed until now; whether that was done in time."""
        server = self.find(deadline)
        segment = backup_pg_dump.query(server, "select pg_walfile_name(pg_switch_wal())", deadline)
        short = Deadline(min(HAND_OVER_SECONDS, deadline.remaining() / 2))

        def archived() -> bool | None:
            return f"{segment}.ready" not in backup_pg_dump.query(server, _READY, deadline).splitlines() or None

        return bool(wait_until(archived, short, Pause(0.2, 2)))

    def _listing(self, server: Server, repository: str, deadline: Deadline) -> Listing:
        ended = self._must(server, [*self._only(repository), "--output=json", "info"], deadline)
        return backup_pgbackrest_output.listing(ended.text, self.stanza, self._number(repository), repository)

    def _server(self, deadline: Deadline) -> Server:
        """The container, and what its configuration says of repositories."""
        server = self.find(deadline)
        if self.places and not self._configured:
            text = server.must(["cat", backup_pgbackrest_conf.CONFIGURATION_PATH], deadline).text
            self._configured = backup_pgbackrest_conf.places(text)
        return server

    def _number(self, repository: str) -> int:
        """What the configuration of the running server calls it. That is of its release: what is known may be newer."""
        number = self.names.index(repository)
        if not self.places:
            return number + 1
        if self.places[number] not in self._configured:
            raise TenantryError(
                f"the server of stanza {self.stanza} does not archive to repository {repository} at "
                f"{self.places[number]}: its release knows {', '.join(self._configured) or 'none'}; deploy the tenant, "
                "then run again",
                "repository_unknown",
            )
        return self._configured.index(self.places[number]) + 1

    def _only(self, repository: str) -> list[str]:
        return [f"--repo={self._number(repository)}"]

    def _must(self, server: Server, words: t.Sequence[str], deadline: Deadline) -> Ended:
        return server.must(["pgbackrest", f"--stanza={self.stanza}", *words], deadline)
