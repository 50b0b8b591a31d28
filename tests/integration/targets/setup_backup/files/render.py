# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a tenant's repositories ask for: ``render.py TENANT``, repositories on standard input.

The configuration of pgBackRest for its database, and by repository and service the environment by which restic itself
opens it.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_conf import (
    Cluster,
    Settings,
    render,
)
from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import Repository, from_options

SERVICES = ("postgres", "redis", "mariadb", "files")


def environment(tenant: str, service: str, repository: Repository) -> dict[str, str]:
    place = repository.place(tenant, service, "restic")
    return {
        "RESTIC_REPOSITORY": place
        if repository.kind == "posix"
        else f"s3:{repository.endpoint}/{repository.bucket}{place}",
        "RESTIC_PASSWORD": repository.passphrase_of(tenant, service),
        "AWS_ACCESS_KEY_ID": repository.access_key,
        "AWS_SECRET_ACCESS_KEY": repository.secret_key,
    }


tenant = sys.argv[1]
repositories = from_options(json.load(sys.stdin))
cluster = Cluster(tenant, "postgres", user="app", database="shop")
print(
    json.dumps(
        {
            "configuration": render(cluster, repositories, Settings(block=True)),
            "environments": {
                one.name: {service: environment(tenant, service, one) for service in SERVICES} for one in repositories
            },
        }
    )
)
