# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator types to mend something. Names are quoted: some come from a row that failed validation."""

from __future__ import annotations

import shlex

PLAYBOOK = "ansible-playbook tenantry.platform."


def _playbook(name: str, limit: str) -> str:
    return f"{PLAYBOOK}{name} --limit {shlex.quote(limit)}"


def deploy(tenant: str) -> str:
    """Puts right whatever differs from the database."""
    return _playbook("deploy", tenant)


def restart(tenant: str) -> str:
    """New containers of all app services."""
    return _playbook("restart", tenant)


def start(tenant: str) -> str:
    """Releases the hold of a stop, or holds the tenant active."""
    return _playbook("start", tenant)


def open_again(tenant: str) -> str:
    """The command that ends the maintenance of a tenant."""
    return f"{_playbook('maintenance', tenant)} -e maintenance=off"


def nodes(node: str) -> str:
    """Engine, proxy and name server of a node."""
    return _playbook("nodes", node)


def logs(tenant: str) -> str:
    """Mends nothing, and shows more."""
    return _playbook("logs", tenant)


def again(tenant: str) -> str:
    """The same walk once more."""
    return _playbook("doctor", tenant)


def ping(host: str) -> str:
    """Whether Ansible reaches a host."""
    return f"ansible {shlex.quote(host)} -m ansible.builtin.ping"


def restart_containers(tenant: str, containers: list[str]) -> str:
    """No playbook restarts a backing service: it would interrupt what depends on it."""
    words = shlex.join(["docker", "restart", *containers])
    return f"ansible {shlex.quote(tenant)} -m ansible.builtin.command -a {shlex.quote(words)}"
