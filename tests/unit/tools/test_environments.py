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


def test_an_active_virtual_environment_is_never_made_anew_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "usr" / "bin" / "python3.13"
    base.parent.mkdir(parents=True)
    base.write_text("")
    active = tmp_path / "venv" / "bin"
    active.mkdir(parents=True)
    (active / "python3.13").symlink_to(base)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    monkeypatch.setenv("PATH", str(active))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.syspath_prepend(str(TOOLS))
    import environments

    assert next(environments.interpreters("3.13")) == base
