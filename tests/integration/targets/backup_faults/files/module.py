# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do what a module does, as a process that can be killed: ``module.py NAME``, its options on standard input."""

from __future__ import annotations

import json
import sys

from ansible_collections.tenantry.platform.plugins.module_utils import backup, backup_restore
from ansible_collections.tenantry.platform.plugins.module_utils.engine import connect
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

WHAT = {
    "backup": lambda options: backup.run(connect(), options, False),
    "backup_info": lambda options: backup.listed(connect(), options),
    "restore": lambda options: backup_restore.run(connect(), options, False),
}

try:
    print(json.dumps(WHAT[sys.argv[1]](json.load(sys.stdin))))
except TenantryError as error:
    print(json.dumps(error.as_result()))
