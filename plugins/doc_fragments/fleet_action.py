# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the actions that run on the controller."""

from __future__ import annotations


class ModuleDocFragment:
    """Shared by what runs once for all hosts of a play, and, with ``fleet_action.each`` before it, for each host.

    What stands first in a module's list wins, and the module's own words win over all.
    """

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying anything.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
  action:
    description: Runs on the controller, without a connection.
    support: full
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
"""

    EACH = r"""
attributes:
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: none
"""
