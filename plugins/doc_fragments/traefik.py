# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module reaches the API of the node's Traefik."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module that asks Traefik."""

    DOCUMENTATION = r"""
options:
  api_url:
    description: Address of Traefik's API, with or without C(/api) at its end. Environment proxies are not used.
    type: str
    default: http://127.0.0.1:8080
  api_timeout:
    description: Seconds that Traefik has for one answer.
    type: int
    default: 5
requirements:
  - Traefik 3.0 or newer with its API on, reached from the node
  - Python library requests on the node
"""
