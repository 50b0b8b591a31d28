# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a tenant's repositories ask for: ``render.py TENANT``, repositories on standard input.

The configuration of pgBackRest for its database, and by service the environment by which restic itself opens the first
repository.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_conf import Cluster, render
from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import from_options

tenant = sys.argv[1]
repositories = from_options(json.load(sys.stdin))
first = repositories[0]
environments = {
    service: {
        "RESTIC_REPOSITORY": first.place(tenant, service, "restic"),
        "RESTIC_PASSWORD": first.passphrase_of(tenant, service),
    }
    for service in ("postgres", "redis", "files")
}
configuration = render(Cluster(tenant, "postgres", user="app", database="shop"), repositories)
print(json.dumps({"configuration": configuration, "environments": environments}))
