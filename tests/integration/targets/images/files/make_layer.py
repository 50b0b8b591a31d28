# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a root filesystem of one file, so that an image is small and different from every other."""

from __future__ import annotations

import io
import sys
import tarfile

path, text = sys.argv[1:]
with tarfile.open(path, "w") as archive:
    member = tarfile.TarInfo("message")
    member.size = len(text.encode())
    archive.addfile(member, io.BytesIO(text.encode()))
