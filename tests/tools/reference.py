# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make docs``: the reference of every plugin and role as HTML, below build/docs/html."""

from __future__ import annotations

import shutil
import sys

from places import BUILD, NEWEST
from stage import Stage
from tree import copy

SOURCE = BUILD / "docs" / "source"
HTML = BUILD / "docs" / "html"
CONFIGURATION = '''\
"""Sphinx configuration; written by tests/tools/reference.py."""

project = "tenantry.platform"
copyright = "tenantry.platform contributors"
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1200px", "fixed_sidebar": True}
html_show_sphinx = False
# Labels of Ansible's own documentation are not here; our own references are checked by antsibull-docs in `make lint`.
suppress_warnings = ["ref.ref"]
'''


def main() -> int:
    """From documentation strings to pages."""
    stage = Stage("docs")
    copy(NEWEST)
    shutil.rmtree(SOURCE.parent, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    (SOURCE / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    environment = NEWEST.environment()
    options = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(SOURCE)]
    command = [NEWEST.tool("antsibull-docs"), "collection", *options, "tenantry.platform"]
    if stage.check("pages from documentation strings", command, env=environment):
        sphinx = [NEWEST.tool("sphinx-build"), "-q", "-b", "html", "-d", str(SOURCE.parent / "doctrees")]
        stage.check("HTML", [*sphinx, str(SOURCE), str(HTML)], env=environment)
        print(f"open {HTML / 'index.html'}")
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
