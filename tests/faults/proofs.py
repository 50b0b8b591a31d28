# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked after a fault: users get one whole release, nothing is left over, and the ledger tells the truth."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from moves import Ends
from over_ssh import EDGE_ROOT, TENANTS_ROOT
from tenancy import HOST, TENANT, ZONE, Tenancy

ASKED = 4
RELEASE = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
#: One that is not finished has more behind its name.
SNAPSHOT = re.compile(r"shared/snapshots/\d{8}T\d{6}\.\d{3}Z-postgres-pg_dump(?=/|$)")
PROJECT = re.compile(rf"^{TENANT}-[0-9a-f]{{8}}-")
#: Of operations.
ENDED = ("success", "failure", "fatal", "cancelled", "recovered")


@dataclasses.dataclass(frozen=True)
class Footprint:
    """Everything that a tenant has on a node, without what differs from release to release."""

    containers: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    records: tuple[str, ...]
    files: tuple[str, ...]

    def differences(self, wanted: Footprint) -> list[str]:
        """What is not as it should be."""
        found = []
        for field in dataclasses.fields(self):
            have, want = set(getattr(self, field.name)), set(getattr(wanted, field.name))
            found += [f"{field.name}: {one} is left" for one in sorted(have - want)]
            found += [f"{field.name}: {one} is missing" for one in sorted(want - have)]
        return found


def footprint(tenancy: Tenancy) -> Footprint:
    """The tenant's footprint now."""
    node = tenancy.node
    label = f"--filter=label=tenantry.tenant={TENANT}"
    ids = node.run("docker", "ps", "-aq", label).split()
    containers = json.loads(node.run("docker", "inspect", *ids)) if ids else []
    root = node.path(f"{TENANTS_ROOT}/{TENANT}")
    current = _target(tenancy)
    files = [str(path.relative_to(root)) for path in sorted(root.rglob("*"))] if root.is_dir() else []
    files = [one for one in files if not one.startswith("releases/") or f"/{current}" in one]
    others = sorted(path.name for path in (root / "releases").glob("*") if path.name != current)
    files += [f"unfinished release {one}" for one in others if not (root / "releases" / one / "RELEASE.json").exists()]
    for folder in ("dynamic", "staging", "rejected"):
        files += [f"edge {folder} {path.name}" for path in sorted(node.path(f"{EDGE_ROOT}/{folder}").glob("*"))]
    return Footprint(
        tuple(sorted(_container(one) for one in containers)),
        tuple(sorted(node.run("docker", "network", "ls", "--format={{.Name}}", label).split())),
        tuple(sorted(node.run("docker", "volume", "ls", "--format={{.Name}}", label).split())),
        tuple(tenancy.users.dig(HOST)),
        tuple(SNAPSHOT.sub("<snapshot>", RELEASE.sub("<release>", one)) for one in files),
    )


def _target(tenancy: Tenancy) -> str:
    try:
        return tenancy.node.path(f"{TENANTS_ROOT}/{TENANT}/current").readlink().name
    except OSError:
        return "-"


def _container(data: dict[str, t.Any]) -> str:
    """Name without the release, image and state."""
    name = PROJECT.sub(f"{TENANT}-<release>-", data["Name"].lstrip("/"))
    one_off = " one-off" if data["Config"]["Labels"].get("com.docker.compose.oneoff") == "True" else ""
    return f"{name} {data['State']['Status']}{one_off}"


# -- after the fault -------------------------------------------------------------------------------------------------


def served(tenancy: Tenancy, ends: Ends) -> list[str]:
    """Users get the old or the new release, whole: both services answer with one version, or none does."""
    answers = {(tenancy.version("/version"), tenancy.version("/api/version")) for _turn in range(ASKED)}
    if len(answers) > 1:
        return [f"users get a mix: {sorted(map(str, answers))}"]
    ((web, api),) = answers
    if web != api:
        return [f"users get a mix: web {web}, api {api}"]
    if web not in (ends.old, ends.new):
        return [f"users get {web}, neither {ends.old} nor {ends.new}"]
    return []


def converged(tenancy: Tenancy, wanted: str | None) -> list[str]:
    """Users get what the database wants."""
    answers = {(tenancy.version("/version"), tenancy.version("/api/version")) for _turn in range(ASKED)}
    return [] if answers == {(wanted, wanted)} else [f"after a plain run users get {answers}, not {wanted}"]


def ledger(tenancy: Tenancy, after: int, until: int, code: int, ends: Ends, serves: str | None) -> list[str]:
    """Nothing claims to run, what failed says why, and what succeeded did.

    :param after: sequence of the last operation before the move.
    :param until: that of the last one before the plain run; where it is the same, the move never began one.
    :param code: how the faulted run ended.
    :param serves: the version that users got, before the plain run.
    """
    found = []
    rows = tenancy.operations(after)
    for sequence, _identity, action, status, message in rows:
        if status not in ENDED:
            found.append(f"ledger: operation {sequence} ({action}) is {status} after a plain run")
        elif status not in ("success", "recovered") and not message:
            found.append(f"ledger: operation {sequence} ({action}) is {status} and does not say why")
    for sequence, _identity, action, status, message in [row for row in rows if row[0] <= until]:
        if status == "success" and serves != ends.new:
            found.append(f"ledger: operation {sequence} ({action}) is success, but users got {serves}")
        if code == 0 and status != "success":
            found.append(f"ledger: the run ended with 0, operation {sequence} is {status}: {message}")
    return found


def is_quiet(tenancy: Tenancy) -> bool:
    """Whether nothing of a killed run works on the node any more."""
    return not tenancy.node.modules()


def servers_answer(tenancy: Tenancy) -> bool:
    """Whether engine, proxy and name server do."""
    engine = tenancy.node.run("docker", "version", "--format={{.Server.Version}}", check=False).strip()
    status, _body = tenancy.users.https(f"nobody.{ZONE}", "/")
    return bool(engine) and status == 404 and bool(tenancy.users.dig(ZONE, "SOA"))
