# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node is destroyed under load, and its tenants come back on another one, from object storage alone."""

from __future__ import annotations

import time
import typing as t

import losses
from customers import Client, Customer, answers
from ground import Ground, limited
from over_ssh import wait_for
from rehearsed import Disaster, Loss

#: Seconds between two writes: always busy, so that segments get full; and at times when nobody does anything.
PACES = {"busy": 0.0, "usual": 0.2, "quiet": 2.0}
ANSWER_SECONDS = 60
NOTHING = "Nothing is to be done"


class Disasters:
    """One after the other, on the same tenants.

    :param load_seconds: of writing after the backups, or after the last disaster.
    :param say: for progress.
    """

    def __init__(self, ground: Ground, load_seconds: float, say: t.Callable[[str], None]) -> None:
        self.ground = ground
        self.load_seconds = load_seconds
        self.say = say
        self.customers = [Customer(name, pause) for name, pause in PACES.items()]
        self.turn = 0

    def begin(self) -> None:
        """Tenants with data."""
        self.say(f"deploying {', '.join(PACES)}")
        self.ground.host_tenants(self.customers, "shop")
        for one in self.customers:
            one.keys, one.files = one.store(self.ground.host, "first")

    def strike(self) -> Disaster:
        """Write, destroy the node, and bring everything back."""
        self.turn += 1
        clients = [Client(one, self.ground.asker(), f"turn{self.turn}") for one in self.customers]
        for client in clients:
            client.start()
        try:
            if self.turn == 1:
                self._back_up()
            else:
                self.say("no backup since the last disaster, but what the databases archived")
            self.say(f"writing for {self.load_seconds:.0f} s more")
            time.sleep(self.load_seconds)
            spare = self.ground.machine()
            killed = self.ground.host.destroy()
        finally:
            for client in clients:
                client.done.set()
        for client in clients:
            client.join()
        self.say(
            f"{self.ground.host.node} is destroyed, with {sum(len(one.log) for one in self.customers)} writes known"
        )
        self.ground.move_to(spare)
        node_seconds = timed(self.ground.make_node)
        self.say(f"{spare.node} is a node after {node_seconds:.0f} s")
        restore_seconds = timed(self._restore)
        self.say(f"the tenants answer after {restore_seconds:.0f} s more")
        found = Disaster(tuple(self._compare(one, killed) for one in self.customers), node_seconds, restore_seconds)
        self._settled()
        return found

    def _back_up(self) -> None:
        self.ground.operator.must("backup", *limited(self.customers))
        self.say("backed up, under load")
        for one in self.customers:
            keys, files = one.store(self.ground.host, "later")
            one.later = {*keys, *files}

    def _restore(self) -> None:
        self.ground.operator.must("restore", *limited(self.customers))
        asker = self.ground.asker()
        wait_for(
            lambda: len(answers(asker, self.customers)) == len(self.customers),
            ANSWER_SECONDS,
            "an answer of all tenants",
        )

    def _compare(self, customer: Customer, killed: float) -> Loss:
        """Row for row; from now on its clients know what is lost."""
        found = losses.compare(customer.log, customer.rows(self.ground.host))
        acknowledged = len(customer.acknowledged())
        customer.log = list(found.kept)
        wrong = [*found.wrong, *customer.wrong(self.ground.host)]
        addresses = self.ground.asker().dig(customer.hostname)
        if addresses != [self.ground.host.address]:
            wrong.append(f"{customer.hostname} leads to {addresses}")
        return Loss(customer.name, acknowledged, len(found.missing), found.seconds_lost(killed), tuple(wrong))

    def _settled(self) -> None:
        """See that a plain run finds nothing to do.

        :raises RuntimeError: when it does.
        """
        run = self.ground.operator.must("deploy", *limited(self.customers))
        if NOTHING not in run.text:
            raise RuntimeError("a deploy after the restore found something to do")


def timed(action: t.Callable[[], object]) -> float:
    """How many seconds something takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began
