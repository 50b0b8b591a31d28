# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print two ports of the loopback that are free: the first for TCP and UDP, the second for TCP."""

from __future__ import annotations

import contextlib
import socket

with contextlib.ExitStack() as stack:
    ports = []
    while len(ports) < 2:
        tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            udp.bind(("127.0.0.1", port))
        except OSError:
            continue
        ports.append(port)
print(*ports, sep="\n")
