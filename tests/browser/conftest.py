# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser, and pages in it that were opened from a disk."""

from __future__ import annotations

import dataclasses
import os
import typing as t
from pathlib import Path

import fleets
import pytest
from chromium import Browser, Page

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import page as renderer


@dataclasses.dataclass
class Shown:
    """A report as a browser shows it."""

    page: Page
    url: str
    document: dict[str, t.Any]
    texts: list[str]
    pictures: Path

    def picture(self, name: str) -> None:
        """What is seen now, for people to look at."""
        self.page.picture(self.pictures / f"{name}.png")

    def rows(self) -> list[str]:
        """Names of the tenants that are shown."""
        shown = "[...document.querySelectorAll('.tenant')].filter(row => !row.hidden)"
        return t.cast("list[str]", self.page.ask(f"{shown}.map(row => row.querySelector('strong').textContent)"))

    def said(self) -> str:
        """The line that says how many are shown."""
        return str(self.page.ask("document.getElementById('shown').textContent"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("chromium") / "profile")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    directory = Path(os.environ["TENANTRY_PICTURES"])
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def fleet(browser: Browser, pictures: Path, tmp_path: Path) -> t.Iterator[Shown]:
    """Five hundred tenants with sixty findings."""
    yield from _shown(browser, pictures, tmp_path, fleets.document(fleets.five_hundred()), [])


@pytest.fixture
def attacked(browser: Browser, pictures: Path, tmp_path: Path) -> t.Iterator[Shown]:
    """A report in which every string is hostile."""
    made, texts = fleets.attacked()
    yield from _shown(browser, pictures, tmp_path, fleets.document(made), texts)


def _shown(
    browser: Browser, pictures: Path, directory: Path, document: dict[str, t.Any], texts: list[str]
) -> t.Iterator[Shown]:
    file = directory / "drift.html"
    file.write_bytes(renderer.render(document))
    page = browser.page()
    page.look("light", 1280)
    page.open(file.as_uri())
    shown = Shown(page, file.as_uri(), document, texts, pictures)
    yield shown
    # Whatever was done with it: it stayed by itself, and complained of nothing.
    requests = {one["request"]["url"] for one in page.heard("Network.requestWillBeSent")}
    complaints = [one["exceptionDetails"]["text"] for one in page.heard("Runtime.exceptionThrown")]
    complaints += [one["entry"]["text"] for one in page.heard("Log.entryAdded")]
    complaints += [str(one["args"]) for one in page.heard("Runtime.consoleAPICalled")]
    dialogs = [one["message"] for one in page.heard("Page.javascriptDialogOpening")]
    page.close()
    assert {one.partition("#")[0] for one in requests if not one.startswith("data:,")} == {shown.url}
    assert (complaints, dialogs) == ([], [])
