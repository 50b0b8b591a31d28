# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of one tenant in Traefik: put in place, confirmed by its API, put back when it does not take them."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from . import traefik_shift
from .errors import TenantryError
from .polling import Deadline, Pause
from .traefik_api import UNREACHABLE, TraefikApi
from .traefik_expect import Expectation, Mismatch
from .traefik_route_file import RouteFile, parse, refuse_foreign_names, refuse_invalid

#: Traefik joins changes within its throttle (200 ms at our edge, 2 s by default): until then its old words stand.
SETTLE_SECONDS = 3.0

#: How long Traefik must stand by a refusal; a service of another provider may come a moment later.
REFUSAL_SECONDS = 1.0

#: How long Traefik has to confirm that everything is as before.
RESTORE_SECONDS = 10.0

ROUTE_ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "directory": {"type": "path", "default": "/srv/tenantry-edge/dynamic"},
    "staging": {"type": "path", "default": "/srv/tenantry-edge/staging"},
    "rejected": {"type": "path", "default": "/srv/tenantry-edge/rejected"},
    "content": {"type": "dict"},
    "src": {"type": "path"},
    "expect": {
        "type": "dict",
        "options": {
            "routers": {"type": "dict", "default": {}},
            "services": {"type": "dict", "default": {}},
        },
    },
    "beside": {
        "type": "dict",
        "options": {
            "src": {"type": "path", "required": True},
            "services": {"type": "dict", "default": {}},
            "weight": {"type": "int", "required": True},
            "own_weight": {"type": "int", "required": True},
        },
    },
    "closed": {"type": "bool", "default": False},
    "retry_after": {"type": "int", "default": 60},
    "page_url": {"type": "str", "default": ""},
    "wait_timeout": {"type": "int", "default": 30},
    "set_aside_broken": {"type": "bool", "default": False},
}


@dataclasses.dataclass
class Route:
    """One tenant's routes at one Traefik."""

    api: TraefikApi
    file: RouteFile
    content: bytes | None
    expect: t.Mapping[str, t.Any]
    wait_timeout: float
    set_aside_broken: bool
    check_mode: bool
    aside: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # broken neighbours, and where they are now

    # -- states -------------------------------------------------------------------------------------------------

    def present(self) -> dict[str, t.Any]:
        """The wanted routes served, or everything as before.

        :raises TenantryError: kinds ``route_refused``, ``route_conflict``, ``servers_missing``, ``invalid_route``,
            ``edge_missing``, ``edge_unreachable``.
        """
        deadline = Deadline(self.wait_timeout)
        self.api.require()
        if self.content is None:
            return self._by_labels(deadline)
        self.file.require_directories()
        data = self._validated(self.content)
        wanted = Expectation.of_content(data).with_option(self.expect)
        before = self.file.read()
        if before == self.content and self._agrees(wanted, Deadline(0 if self.check_mode else SETTLE_SECONDS)):
            if not self.check_mode:
                self._wait_for_servers(wanted, deadline)
            return self._result(False, before, before)
        if not self.check_mode:
            self._wait_for_servers(wanted, deadline)
            self._refuse_taken_names(wanted, before)
            self._switch(wanted, before, self.content)
        return self._result(True, before, self.content)

    def absent(self) -> dict[str, t.Any]:
        """No file, and nothing of it left in Traefik.

        :raises TenantryError: kinds ``route_refused``, ``edge_missing``, ``edge_unreachable``.
        """
        before = self.file.read()
        gone = self._defined_in(before).with_option(self.expect)
        if before is None and not gone.routers:
            return self._result(False, None, None)
        self.api.require()
        if not self.check_mode:
            self._take_out(gone, before)
        return self._result(before is not None, before, None)

    def _take_out(self, gone: Expectation, before: bytes | None) -> None:
        if before is not None:
            self.file.require_directories()
            self.file.remove()
        left = self._unblocked(
            lambda deadline: self._until_empty(lambda: gone.still_there(self.api), deadline), lambda: None
        )
        if left:
            self.file.put_back(before)
            raise self._refusal("the removal of the route file", Expectation(), left, before, None)

    def _by_labels(self, deadline: Deadline) -> dict[str, t.Any]:
        """Routes that containers carry themselves: nothing to write, only to see."""
        wanted = Expectation().with_option(self.expect)
        if not self.check_mode:
            self._wait_for_servers(wanted, deadline)
            left = self._until_empty(lambda: wanted.mismatches(self.api), deadline)
            if left:
                raise TenantryError(
                    f"Traefik does not serve the routes of {self.file.name} within {self.wait_timeout:g} s: "
                    f"{_text(left)}. They come from container labels: look at those, and whether two containers define "
                    "one name differently",
                    "route_refused",
                    mismatches=[str(one) for one in left],
                    restored=None,
                )
        return self._result(False, None, None)

    # -- before the switch --------------------------------------------------------------------------------------

    def _validated(self, content: bytes) -> dict[str, t.Any]:
        where = f"the route file of {self.file.name}"
        data = parse(content, where)
        refuse_invalid(content, data, where)
        refuse_foreign_names(data, self.file.name, where)
        return data

    def _defined_in(self, content: bytes | None) -> Expectation:
        """What a file that is in place defines; a broken one defines nothing that Traefik took."""
        if content is None:
            return Expectation()
        try:
            return Expectation.of_content(parse(content, self.file.path))
        except TenantryError:
            return Expectation()

    def _agrees(self, wanted: Expectation, deadline: Deadline) -> bool:
        return not self._until_empty(lambda: wanted.mismatches(self.api), deadline)

    def _wait_for_servers(self, wanted: Expectation, deadline: Deadline) -> None:
        left = self._until_empty(lambda: wanted.missing_servers(self.api), deadline)
        if left:
            raise TenantryError(
                f"Traefik cannot reach what {self.file.name} is to be routed to within {self.wait_timeout:g} s: "
                f"{_text(left)}. Nothing was changed; see that the containers are healthy and carry the labels "
                "tenantry.managed=true and traefik.enable=true",
                "servers_missing",
                mismatches=[str(one) for one in left],
            )

    def _refuse_taken_names(self, wanted: Expectation, before: bytes | None) -> None:
        """A name that Traefik has from another file would go on to be served from there, in silence."""
        own = self._defined_in(before)
        new = dataclasses.replace(wanted, routers=_of_file(wanted.routers), services=_of_file(wanted.services))
        taken = self._until_empty(lambda: new.still_there(self.api, but=own), Deadline(SETTLE_SECONDS))
        for one in taken:
            places = self.file.defined_elsewhere(one.kind.plural, one.name.rpartition("@")[0])
            if places:
                raise TenantryError(
                    f"{one.kind.name} {one.name} is defined in {', '.join(places)} too: Traefik would silently serve "
                    "only one of the two; rename the route or remove that file. Nothing was changed",
                    "route_conflict",
                    files=places,
                )

    # -- the switch ---------------------------------------------------------------------------------------------

    def _switch(self, wanted: Expectation, before: bytes | None, content: bytes) -> None:
        old = self._defined_in(before)
        self.file.install(content)
        left = self._unblocked(
            lambda deadline: self._until_taken(wanted, old, deadline), lambda: self.file.install(content)
        )
        if not left:
            return
        rejected = self.file.reject(content)
        self.file.put_back(before)
        raise self._refusal("the route file", wanted, left, before, rejected)

    def _unblocked(self, look: t.Callable[[Deadline], list[Mismatch]], again: t.Callable[[], None]) -> list[Mismatch]:
        """What Traefik did not take of a change, at last with broken neighbours out of its way.

        They come back when that was not the reason: then what is broken to us is not to Traefik.
        """
        broken = self.file.broken_neighbours() if self.set_aside_broken else {}
        # Beside a broken file Traefik takes nothing, and a moment is enough to be sure.
        left = look(Deadline(SETTLE_SECONDS if broken else self.wait_timeout))
        if not left or not broken:
            return left
        kept = self.file.set_aside(broken)
        again()
        left = look(Deadline(self.wait_timeout))
        if left:
            self.file.return_to_place(kept)
        else:
            self.aside = kept
        return left

    def _until_taken(self, wanted: Expectation, old: Expectation, deadline: Deadline) -> list[Mismatch]:
        """What is not right at the deadline, or earlier once Traefik stands by a refusal."""
        pause, refused_since = Pause(0.05, 0.5), None
        while True:
            left = self._ask(lambda: wanted.mismatches(self.api) or old.still_there(self.api, but=wanted))
            if not left or deadline.passed():
                return left
            if all(one.refused for one in left):
                refused_since = refused_since or time.monotonic()
                if time.monotonic() - refused_since >= REFUSAL_SECONDS:
                    return left
            else:
                refused_since = None
            pause.sleep(deadline)

    def _refusal(
        self, what: str, wanted: Expectation, left: list[Mismatch], before: bytes | None, rejected: str | None
    ) -> TenantryError:
        """The error that says what Traefik did not take, why as far as can be known, and what stands now."""
        old = self._defined_in(before)
        unlike = self._until_empty(
            lambda: old.mismatches(self.api) or wanted.still_there(self.api, but=old), Deadline(RESTORE_SECONDS)
        )
        broken = self.file.broken_neighbours()
        down = any(one.kind is UNREACHABLE for one in left)
        message = f"Traefik did not take {what} of {self.file.name}: {_text(left)}."
        if broken:
            message += (
                " A broken file in the same directory stops Traefik from taking any change: "
                f"{'; '.join(broken.values())}. Repair or remove it, then run again."
            )
        if rejected is not None:
            message += f" The refused file is kept as {rejected}."
        message += " There is no route file, as before" if before is None else " The previous file is back"
        message += f", but Traefik does not confirm it: {_text(unlike)}." if unlike else " and confirmed."
        return TenantryError(
            message,
            "edge_unreachable" if down else "route_refused",
            mismatches=[str(one) for one in left],
            broken_files=sorted(broken),
            rejected=rejected,
            restored=not unlike,
        )

    # -- asking -------------------------------------------------------------------------------------------------

    def _until_empty(self, probe: t.Callable[[], list[Mismatch]], deadline: Deadline) -> list[Mismatch]:
        pause = Pause(0.05, 0.5)
        while True:
            left = self._ask(probe)
            if not left or deadline.passed():
                return left
            pause.sleep(deadline)

    def _ask(self, probe: t.Callable[[], list[Mismatch]]) -> list[Mismatch]:
        """A Traefik that restarts meanwhile is waited for like one that has not read yet."""
        try:
            return probe()
        except TenantryError as error:
            if error.error_kind != "edge_unreachable":
                raise
            return [Mismatch(UNREACHABLE, self.api.url, f"does not answer ({error.message})")]

    def _result(self, changed: bool, before: bytes | None, after: bytes | None) -> dict[str, t.Any]:
        return {
            "changed": changed,
            "path": self.file.path,
            "set_aside": dict(self.aside),
            "warnings": [
                f"{path} was broken, so that Traefik took no change of any route: it is kept as {kept}"
                for path, kept in self.aside.items()
            ],
            "diff": {
                "before_header": self.file.path,
                "after_header": self.file.path,
                "before": _shown(before),
                "after": _shown(after),
            },
        }


def _of_file(objects: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: fields for name, fields in objects.items() if name.endswith("@file")}


def _shown(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace")


def _text(left: t.Sequence[Mismatch]) -> str:
    return "; ".join(str(one) for one in left)


def apply(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the routes of a tenant into ``params["state"]``; returns a module result."""
    route = Route(
        api=TraefikApi(params["api_url"], params["api_timeout"]),
        file=RouteFile(params["name"], params["directory"], params["staging"], params["rejected"]),
        content=_content(params),
        expect=_expect(params),
        wait_timeout=params["wait_timeout"],
        set_aside_broken=params["set_aside_broken"],
        check_mode=check_mode,
    )
    return route.absent() if params["state"] == "absent" else route.present()


def _content(params: t.Mapping[str, t.Any]) -> bytes | None:
    """The route file as it shall stand: a release's own byte for byte, or one between two releases."""
    content = _own_content(params)
    beside = params["beside"]
    if content is None or not (beside or params["closed"]):
        return content
    where = f"the route file of {params['name']}"
    data = parse(content, where)
    if beside:
        old = parse(_read(beside["src"], params["name"]), where)
        weights = beside["own_weight"], beside["weight"]
        if min(weights) < 1:
            raise TenantryError(
                f"weights {weights[0]} and {weights[1]} of {params['name']}: both must be 1 or more, because a service "
                "of weight 0 breaks its route when its last container goes",
                "invalid",
            )
        data = traefik_shift.shared(data, old, *weights)
    if params["closed"]:
        data = traefik_shift.closed(data, params["retry_after"], params["page_url"])
    return _written(data)


def _own_content(params: t.Mapping[str, t.Any]) -> bytes | None:
    if params["src"] is not None:
        return _read(params["src"], params["name"])
    return None if params["content"] is None else _written(params["content"])


def _read(path: str, name: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise TenantryError(
            f"cannot read the route file {path} of {name} ({error.strerror}): prepare its release first",
            "files_missing",
        ) from error


def _written(data: t.Mapping[str, t.Any]) -> bytes:
    return json.dumps(data, indent=2, sort_keys=True).encode() + b"\n"


def _expect(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the API must show. Between two releases, routers are what the file says."""
    expect = dict(params["expect"] or {})
    if params["closed"]:
        return {}
    if params["beside"]:
        expect["routers"] = {}
        expect["services"] = {**(expect.get("services") or {}), **params["beside"]["services"]}
    return expect
