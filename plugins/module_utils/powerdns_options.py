# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs of the PowerDNS modules, and the client that they describe."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns import PowerDns
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_content import TYPES

ITEM_RULES: dict[str, t.Any] = dict(mutually_exclusive=[("record", "prefix")], required_one_of=[("record", "prefix")])


def connection_options() -> dict[str, t.Any]:
    """Argument spec of the options in the documentation fragment ``tenantry.platform.powerdns``."""
    return dict(
        api_url=dict(type="str", required=True),
        api_key=dict(type="str", no_log=True, fallback=(env_fallback, ["PDNS_API_KEY"])),
        api_key_file=dict(type="path"),
        server_id=dict(type="str", default="localhost"),
        validate_certs=dict(type="bool", default=True),
        ca_path=dict(type="path"),
        client_cert=dict(type="path"),
        client_key=dict(type="path"),
        timeout=dict(type="int", default=30),
        retries=dict(type="int", default=3),
    )


def _item_options() -> dict[str, t.Any]:
    """One record set, shared by powerdns_record and the items of powerdns_records."""
    return dict(
        record=dict(type="str", aliases=["name"]),
        prefix=dict(type="str"),
        type=dict(type="str", required=True, choices=list(TYPES)),
        # Not a list: Ansible would cut a lone string at its commas, and a TXT value may hold some.
        value=dict(type="raw", aliases=["content"]),
        ttl=dict(type="int"),
        disabled=dict(type="bool", default=False),
        state=dict(type="str", default="present", choices=["present", "absent"]),
        on_existing=dict(type="str", default="replace", choices=["replace", "keep", "keep_and_warn", "keep_and_fail"]),
        solo=dict(type="bool", default=True),
        owner=dict(type="str"),
        comment=dict(type="str"),
    )


def _batch_options() -> dict[str, t.Any]:
    """What holds for all record sets of a call."""
    return dict(
        zone=dict(type="str", required=True),
        owner=dict(type="str"),
        adopt=dict(type="bool", default=False),
        zone_required=dict(type="bool", default=False),
        notify=dict(type="bool", default=False),
        txt_transformation=dict(type="str", default="unquoted", choices=["unquoted", "quoted", "api"]),
    )


def record_set_options() -> dict[str, t.Any]:
    """Argument spec of powerdns_record."""
    return {**_item_options(), **_batch_options()}


def record_sets_options() -> dict[str, t.Any]:
    """Argument spec of powerdns_records."""
    return dict(
        **_batch_options(),
        record_sets=dict(
            type="list", elements="dict", required=True, aliases=["records"], options=_item_options(), **ITEM_RULES
        ),
        ownership=dict(type="str", default="comment", choices=["comment", "scope"]),
        prune=dict(type="bool", default=False),
        prune_owners=dict(type="list", elements="str", default=[]),
        prune_scope=dict(type="list", elements="str", default=[]),
        max_prune=dict(type="int"),
        batch_bytes=dict(type="int", default=1_000_000),
    )


def info_options() -> dict[str, t.Any]:
    """Argument spec of powerdns_record_info."""
    return dict(
        zone=dict(type="str", required=True),
        record=dict(type="str", aliases=["name"]),
        prefix=dict(type="str"),
        type=dict(type="str"),
        owner=dict(type="str"),
        txt_transformation=dict(type="str", default="unquoted", choices=["unquoted", "quoted", "api"]),
    )


def zone_options() -> dict[str, t.Any]:
    """Argument spec of powerdns_zone."""
    return dict(
        zone=dict(type="str", required=True),
        state=dict(type="str", default="present", choices=["present", "absent"]),
        kind=dict(type="str", choices=["Native", "Master", "Slave"]),
        masters=dict(type="list", elements="str"),
        nameservers=dict(type="list", elements="str"),
        soa=dict(
            type="dict",
            options=dict(
                mname=dict(type="str"),
                rname=dict(type="str"),
                refresh=dict(type="int"),
                retry=dict(type="int"),
                expire=dict(type="int"),
                minimum=dict(type="int"),
            ),
        ),
        soa_edit_api=dict(type="str", choices=["DEFAULT", "INCREASE", "EPOCH", "SOA-EDIT", "SOA-EDIT-INCREASE", "OFF"]),
        dnssec=dict(type="bool"),
        api_rectify=dict(type="bool"),
        account=dict(type="str"),
        metadata=dict(type="dict"),
        owner=dict(type="str"),
        force=dict(type="bool", default=False),
    )


def connect(params: t.Mapping[str, t.Any]) -> PowerDns:
    """The client that a module's parameters describe; nothing is sent yet."""
    if params["timeout"] < 1 or params["retries"] < 0:
        raise TenantryError("timeout must be at least 1 second, and retries 0 or more", "invalid")
    return PowerDns(
        params["api_url"],
        _api_key(params),
        server_id=params["server_id"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        timeout=params["timeout"],
        retries=params["retries"],
    )


def _api_key(params: t.Mapping[str, t.Any]) -> str:
    path = params["api_key_file"]
    if path is None:
        return params["api_key"] or ""
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read().strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        raise TenantryError(f"api_key_file {path} cannot be read: {reason}", "auth") from exc
