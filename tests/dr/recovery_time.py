# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a tenant with much data takes to answer again, by the platform and by its bare tools, side by side."""

from __future__ import annotations

import time
import typing as t

from customers import Customer, answers
from disaster import timed
from ground import HERE, Ground, limited
from over_ssh import wait_for

TENANT, STACK = "bulky", "books"
DIRECTORY = "/root/dr"
TABLE = "CREATE EXTENSION pgcrypto; CREATE TABLE bulk (id serial PRIMARY KEY, noise bytea NOT NULL)"
#: Bytes that nothing compresses.
FILL = "INSERT INTO bulk (noise) SELECT gen_random_bytes(1000) FROM generate_series(1, 20000)"
COUNT = "SELECT count(*) FROM bulk"
WAITING = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
ARCHIVE_SECONDS = 600
LOOK_SECONDS = 0.1


class RecoveryTime:
    """One tenant that is lost and comes back, again and again; its images are on the node already.

    :param say: for progress.
    :ivar platform, bare: seconds until its application answered.
    :ivar megabytes: of its database.
    """

    def __init__(self, ground: Ground, say: t.Callable[[str], None]) -> None:
        self.ground = ground
        self.say = say
        self.customer = Customer(TENANT, 0.0)
        self.platform: list[float] = []
        self.bare: list[float] = []
        self.megabytes = 0.0
        self.rows = 0
        self.variables: list[str] = []

    def begin(self, megabytes: float) -> None:
        """A tenant with that much data, backed up."""
        self.ground.host_tenants([self.customer], STACK)
        # Before the first backup nothing is archived, and what waits for it takes room.
        self._back_up()
        self._psql(TABLE)
        while self.megabytes < megabytes:
            self._psql(FILL)
            self.megabytes = int(self._psql("SELECT pg_database_size('app')")) / 1e6
        self.rows = int(self._psql(COUNT))
        self.say(f"{TENANT} has {self.rows} rows, {self.megabytes:.0f} MB")
        wait_for(lambda: int(self._psql(WAITING)) < 2, ARCHIVE_SECONDS, "the archive of what was written")
        self.say(f"all of it is archived, and backed up within {timed(self._back_up):.0f} s")
        self._equip()

    def _back_up(self) -> None:
        self.ground.operator.must("backup", *limited([self.customer]))

    def _psql(self, statement: str) -> str:
        return self.ground.host.psql(TENANT, statement)

    def _equip(self) -> None:
        """Put what the bare tools need beside the tenant."""
        host = self.ground.host
        server, web = host.inspect(TENANT, "server"), host.inspect(TENANT, "web")
        sources = {one["Destination"]: one["Source"] for one in server["Mounts"]}
        host.run("mkdir", "-p", DIRECTORY)
        host.run("cp", "--preserve", sources["/etc/pgbackrest/pgbackrest.conf"], f"{DIRECTORY}/pgbackrest.conf")
        for name in ("bare.sh", "bare.yaml"):
            host.put(HERE / name, f"{DIRECTORY}/{name}")
        host.run("sh", "-c", f"cat >{DIRECTORY}/password", given=self.ground.password.encode())
        images = {"SERVER_IMAGE": server["Config"]["Image"], "APP_IMAGE": web["Config"]["Image"]}
        self.variables = [f"{name}={value}" for name, value in {**images, "STANZA": f"{TENANT}-server"}.items()]

    def measure(self) -> None:
        """Once each."""
        self.ground.host.lose(TENANT)
        self.bare.append(timed(lambda: self._bare("restore")))
        self._bare("clean")
        self.platform.append(self._restore())
        rows = int(self._psql(COUNT))
        if rows != self.rows:
            raise RuntimeError(f"{TENANT} has {rows} rows instead of {self.rows}")
        self.say(f"answered after {self.platform[-1]:.1f} s by the platform, {self.bare[-1]:.1f} s by the bare tools")

    def _bare(self, verb: str) -> None:
        self.ground.host.run("env", *self.variables, "sh", f"{DIRECTORY}/bare.sh", verb, seconds=3600)

    def _restore(self) -> float:
        """Seconds from the start of the playbook to the first answer; it ends a while later."""
        asker = self.ground.asker()
        began = time.monotonic()
        process = self.ground.operator.start("restore", *limited([self.customer]))
        answered = 0.0
        while not answered and process.poll() is None:
            if answers(asker, [self.customer]):
                answered = time.monotonic() - began
            time.sleep(LOOK_SECONDS)
        run = self.ground.operator.ended(process)
        if run.code or not answered:
            raise RuntimeError(f"the restore of {TENANT} ended with {run.code}: {run.why}")
        return answered
