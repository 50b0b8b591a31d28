# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make venv` does to a checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def test_a_link_that_became_a_file_is_a_link_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    import environments

    link = tmp_path / "platform"
    link.write_text("../..", encoding="utf-8")
    for _twice in range(2):
        environments.mend_link(link)
        assert os.readlink(link) == "../.."
    environments.mend_link(tmp_path / "absent")
