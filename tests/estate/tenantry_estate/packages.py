# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages of this machine."""

from __future__ import annotations

import os
import shutil
import typing as t

from tenantry_estate.shell import EstateError, as_root, attempt, run, say


def install(packages: t.Sequence[str], why: str) -> None:
    """Install what is missing of the packages; silent when nothing is.

    :raises EstateError: where there is no apt-get, or it fails.
    """
    missing = [name for name in packages if not _installed(name)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise EstateError(
            f"{', '.join(missing)} needed ({why}), and this is no Debian or Ubuntu (no apt-get): install it yourself"
        )
    say(f"installing {', '.join(missing)} ({why})")
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    run(as_root(["apt-get", "update", "-q"]))
    run(as_root(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]))


def _installed(package: str) -> bool:
    shown = attempt(["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package])
    return shown.returncode == 0 and shown.stdout == "installed"
