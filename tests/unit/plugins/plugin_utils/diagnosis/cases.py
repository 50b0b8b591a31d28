# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant of which every link is well, and what may be wrong with it, for tests."""

from __future__ import annotations

import copy

from ansible_collections.tenantry.platform.plugins.plugin_utils import plan
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import Case, Zone
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.walk import Walk

RELEASE = "20261121T041833Z-1f0c9a2e"
RECORD = {"name": "acme.demo.test.", "type": "A", "ttl": 300, "value": ["192.0.2.10"]}
OWNER = "tenant:acme"
ROUTE_FILE = "/srv/tenantry-edge/dynamic/acme.yml"


def service(name, kind="app", **changes):
    return dict({"name": name, "kind": kind, "depends_on": [], "port": 8080, "replicas": 1}, **changes)


def container(name, project, **changes):
    start = {
        "name": f"{project}-{name}-1",
        "service": name,
        "project": project,
        "state": "running",
        "health": "healthy",
        "health_output": [],
        "exit_code": 0,
        "oom_killed": False,
        "restarts": 0,
        "finished": None,
        "error": "",
        "networks": {"acme_default": "172.18.0.2", "acme_backing": "172.19.0.2"},
        "reached": {"address": "172.18.0.2", "port": 8080, "error": ""},
        "logs": [],
    }
    return dict(start, **changes)


def finding(kind, name, field, last, live, **changes):
    start = {
        "kind": kind,
        "name": name,
        "field": field,
        "last": last,
        "live": live,
        "service": "",
        "class": "drift",
        "ignored_by": None,
        "text": f"{kind} {name}: {field} is {live}, was applied as {last}",
    }
    return dict(start, **changes)


def answer(**changes):
    start = {"name": RECORD["name"], "type": "A", "rcode": "NOERROR", "authoritative": True, "error": ""}
    return dict(start, value=["192.0.2.10"], **changes) if "value" not in changes else dict(start, **changes)


class Patient:
    """Facts of the tenant acme, to be changed one by one."""

    def __init__(self):
        self.spec = {
            "name": "acme",
            "node": "node1",
            "zone": "demo.test",
            "state": "active",
            "held": [],
            "closed": False,
            "generations": {},
            "backups": [],
            "services": [service("web", depends_on=["postgres"]), service("postgres", "backing", port=5432)],
            "routes": [
                {"name": "main", "hostname": "acme.demo.test", "path_prefix": "/", "tls": True, "access": []},
            ],
        }
        self.verdict = {"status": "in_sync", "held": [], "reasons": [], "findings": []}
        self.live = {"current": RELEASE, "routed": True, "findings": []}
        self.web = container("web", "acme-1f0c9a2e")
        self.postgres = container("postgres", "acme", networks={"acme_backing": "172.19.0.3"})
        self.probe = {
            "release": RELEASE,
            "error": "",
            "services": {
                "web": {"kind": "app", "replicas": 1, "project": "acme-1f0c9a2e"},
                "postgres": {"kind": "backing", "replicas": 1, "project": "acme"},
            },
            "containers": [self.web, self.postgres],
            "request": {
                "url": "https://acme.demo.test/",
                "status": 200,
                "of_proxy": False,
                "error": "",
                "certificate": {"subject": "commonName=demo.test", "issuer": "O=demo", "problem": ""},
            },
        }
        self.edge = {
            "version": "3.7.15",
            "error": "",
            "entry_points": [
                {"name": "web", "address": "127.0.0.1", "port": 80, "error": ""},
                {"name": "websecure", "address": "127.0.0.1", "port": 443, "error": ""},
            ],
            "containers": [
                {"name": "edge-traefik-1", "state": "running", "exit_code": 0, "finished": None, "oom_killed": False}
            ],
        }
        self.desired, self.records = [RECORD], [dict(RECORD, owner=OWNER)]
        self.answers = [answer()]
        self.nameserver = "ns1"
        self.zone_error = self.unasked = self.unread = self.engine_error = ""

    def found(self, *findings):
        """Differences that the plan found."""
        self.verdict["findings"] += findings
        self.verdict["status"] = "drift"

    def request(self, status, **changes):
        self.probe["request"].update(status=status, **changes)

    def edge_is_dead(self):
        self.edge.update(version=None, error="Traefik's API does not answer")
        for one in self.edge["entry_points"]:
            one["error"] = "Connection refused"
        self.edge["containers"][0].update(state="exited", finished="2026-11-21T04:18:33.1Z")
        self.request(0, error="Connection refused", certificate=None)
        self.verdict.update(status="unknown", findings=[])

    def case(self):
        records = plan.plan_records(self.spec, OWNER, self.desired, self.desired, self.records)
        answers = {(one["name"], one["type"]): one for one in self.answers}
        zone = Zone(
            "demo.test",
            self.nameserver,
            self.desired,
            plan.DnsPlan(error=self.zone_error) if self.zone_error else records,
            answers,
            self.unasked,
        )
        return Case(
            copy.deepcopy(self.spec),
            self.verdict,
            zone,
            self.live,
            self.edge,
            self.probe,
            self.unread,
            self.engine_error,
        )

    def walk(self):
        return Walk.of(self.case())

    def statuses(self):
        return {one.name: one.status for one in self.walk().links}

    def link(self, name):
        return next(one for one in self.walk().links if one.name == name)
