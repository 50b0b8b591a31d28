# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of a tenant on an engine: made with labels, refused when somebody else's, removed when ours."""

from __future__ import annotations

import dataclasses
import typing as t

from .engine import MANAGED_LABEL, TENANT_LABEL, Engine, is_missing
from .engine_containers import Container
from .errors import TenantryError


@dataclasses.dataclass(frozen=True)
class Network:
    """A bridge network as a release wants it; ``internal`` means without a way out of the node."""

    name: str
    internal: bool
    labels: t.Mapping[str, str]

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any]) -> Network:
        return cls(option["name"], bool(option.get("internal")), require_labels("network", option))


def require_labels(kind: str, option: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The labels of a wanted object.

    :raises TenantryError: kind ``invalid`` when they do not say whose it is.
    """
    labels = {str(key): str(value) for key, value in (option.get("labels") or {}).items()}
    if labels.get(MANAGED_LABEL) != "true":
        raise TenantryError(
            f"{kind} {option['name']}: its labels must hold {MANAGED_LABEL}=true, and {TENANT_LABEL} unless it is the "
            "platform's own",
            "invalid",
        )
    return labels


def owner_of(labels: t.Mapping[str, str]) -> str:
    """The tenant of a managed object; empty for the platform's own, such as the proxy."""
    return labels.get(TENANT_LABEL) or ""


def refuse_foreign(
    kind: str, name: str, labels: t.Mapping[str, str] | None, owner: str | None, hint: str = "rename one of the two"
) -> None:
    """Stop at an object that is not ours, or not this tenant's.

    :param owner: the tenant, empty for the platform itself; None when only our label is asked for.
    :raises TenantryError: kind ``foreign_object``.
    """
    have = labels or {}
    managed = have.get(MANAGED_LABEL) == "true"
    if managed and owner in (None, owner_of(have)):
        return
    whose = (f"belongs to {_called(owner_of(have))}") if managed else f"lacks our label {MANAGED_LABEL}=true"
    wanted = "" if owner is None else f", not to {_called(owner)}"
    raise TenantryError(
        f"{kind} {name} exists on this engine and {whose}{wanted}: it is left alone; {hint}",
        "foreign_object",
        object={"kind": kind, "name": name, "tenant": owner_of(have) or None},
    )


def _called(owner: str) -> str:
    return f"tenant {owner}" if owner else "the platform itself"


def inspect(engine: Engine, name: str) -> dict[str, t.Any] | None:
    """The engine's data of the network with exactly this name; None when there is none."""
    with engine.doing(f"look for network {name}"):
        # By list: inspect takes ids and id prefixes for names, too.
        found = [entry for entry in engine.client.networks(names=[name]) if entry["Name"] == name]
    if not found:
        return None
    try:
        with engine.doing(f"inspect network {name}"):
            data: dict[str, t.Any] = engine.client.inspect_network(found[0]["Id"])
            return data
    except TenantryError as error:
        if is_missing(error):
            return None
        raise


def read(engine: Engine, labels: list[str]) -> list[Network]:
    """The networks that carry these labels (``key`` or ``key=value``), by name."""
    with engine.doing("list networks"):
        found = engine.client.networks(filters={"label": labels})
    networks = [Network(one["Name"], bool(one.get("Internal")), one.get("Labels") or {}) for one in found]
    return sorted(networks, key=lambda network: network.name)


def is_present(engine: Engine, network: Network) -> bool:
    """Whether the network is there as wanted.

    :raises TenantryError: kinds ``foreign_object``, ``network_differs``.
    """
    data = inspect(engine, network.name)
    if data is None:
        return False
    refuse_foreign("network", network.name, data.get("Labels"), owner_of(network.labels))
    if bool(data.get("Internal")) != network.internal:
        raise TenantryError(
            f"network {network.name} is {'' if data.get('Internal') else 'not '}internal and must be the opposite, "
            "which cannot change while it exists: stop the tenant, remove the network, then deploy again",
            "network_differs",
        )
    return True


def create(engine: Engine, network: Network) -> None:
    """Create it as a bridge.

    :raises TenantryError: kind ``no_address_pool`` when the engine has no free subnet left.
    """
    try:
        with engine.doing(f"create network {network.name}"):
            engine.client.create_network(
                network.name,
                driver="bridge",
                internal=network.internal,
                labels=dict(network.labels),
                check_duplicate=True,
            )
    except TenantryError as error:
        if "address pool" not in error.message:
            raise
        raise TenantryError(
            f"the engine has no free subnet for network {network.name}: give it more default-address-pools (role "
            f"tenantry.platform.node does, for 1000 networks), or remove unused networks ({error.message})",
            "no_address_pool",
        ) from error


def is_removable(engine: Engine, network: Network) -> bool:
    """Whether there is something of ours to remove.

    :raises TenantryError: kind ``foreign_object``.
    """
    data = inspect(engine, network.name)
    if data is None:
        return False
    refuse_foreign("network", network.name, data.get("Labels"), owner_of(network.labels), "remove it by hand")
    return True


def remove(engine: Engine, network: Network) -> None:
    """Remove; fine when gone.

    :raises TenantryError: kind ``network_in_use``, with the containers that are still on it.
    """
    try:
        with engine.doing(f"remove network {network.name}"):
            engine.client.remove_network(network.name)
    except TenantryError as error:
        if is_missing(error):
            return
        users = sorted(
            str(entry.get("Name")) for entry in ((inspect(engine, network.name) or {}).get("Containers") or {}).values()
        )
        if not users:
            raise
        raise TenantryError(
            f"network {network.name} still has containers on it that are not of this stack: {', '.join(users)}; "
            "disconnect or remove them, then run again",
            "network_in_use",
            containers=users,
        ) from error


def connect(engine: Engine, container: Container, name: str) -> None:
    """Attach a container under the names that compose gives it."""
    with engine.doing(f"connect container {container.name} to network {name}"):
        engine.client.connect_container_to_network(container.id, name, aliases=[container.name, container.service])


def disconnect(engine: Engine, container: Container, name: str) -> None:
    with engine.doing(f"disconnect container {container.name} from network {name}"):
        engine.client.disconnect_container_from_network(container.id, name)
