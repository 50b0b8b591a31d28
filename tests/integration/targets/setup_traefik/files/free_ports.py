# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print three TCP ports of the loopback interface that nobody listens on."""

from __future__ import annotations

import contextlib
import socket

with contextlib.ExitStack() as stack:
    for _number in range(3):
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        print(listener.getsockname()[1])
