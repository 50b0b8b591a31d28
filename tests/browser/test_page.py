# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report in a real browser. That it asks nobody and complains of nothing is asserted after every test."""

from __future__ import annotations

import collections

import pytest
from fleets import FINDINGS, TENANTS, name

# Of text against what is behind it: WCAG 2, level AA.
CONTRAST = 4.5
FAINT = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
    return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "#000" : "#fff");
  };
  const faint = {};
  for (const element of document.querySelectorAll("main *")) {
    const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgba(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < %s) faint[`${element.tagName} ${element.className}: ${style.color}`] = ratio.toFixed(2);
  }
  return faint;
})()
"""


def statuses(shown):
    """How many tenants the report has of each status."""
    return collections.Counter(one["status"] for one in shown.document["tenants"].values())


def test_tiles_and_headline_count_what_the_report_holds(fleet):
    pairs = "[...document.querySelectorAll('.tile')].map(t => [t.dataset.status, +t.querySelector('b').textContent])"
    tiles = fleet.page.ask(f"Object.fromEntries({pairs})")
    counts = statuses(fleet)
    assert tiles.pop("all") == TENANTS == sum(counts.values())
    assert tiles.pop("trouble") == FINDINGS + 6
    assert tiles == dict(counts)
    assert len(fleet.document["findings"]) == FINDINGS
    headline = fleet.page.ask("document.querySelector('h1').textContent")
    assert headline == "500 tenants: 48 drifted, 6 failed or could not be judged, 12 waiting for a deploy"


def test_trouble_is_what_is_shown_first(fleet):
    assert len(fleet.rows()) == FINDINGS + 6
    assert fleet.said() == f"{FINDINGS + 6} of {TENANTS} shown"
    assert fleet.page.ask("document.querySelector('.banner').checkVisibility()")
    assert "fleet eu-west" in fleet.page.ask("document.querySelector('header').innerText")


def test_each_tile_shows_its_status_and_again_what_was_shown_first(fleet):
    for status, count in statuses(fleet).items():
        fleet.page.click(f'.tile[data-status="{status}"]')
        expected = [one for one, tenant in fleet.document["tenants"].items() if tenant["status"] == status]
        assert sorted(fleet.rows()) == expected
        assert fleet.said() == f"{count} of {TENANTS} shown"
        fleet.page.click(f'.tile[data-status="{status}"]')
        assert len(fleet.rows()) == FINDINGS + 6
    fleet.page.click('.tile[data-status="all"]')
    assert len(fleet.rows()) == TENANTS


def test_text_and_node_narrow_what_is_shown_and_the_address_keeps_it(fleet):
    fleet.page.click("#search")
    fleet.page.type("TENANT-49 in sync")
    assert fleet.rows() == [name(i) for i in range(490, 500)]
    fleet.page.ask(
        "(n => { n.value = 'node3'; n.dispatchEvent(new Event('change')); })(document.getElementById('node'))"
    )
    assert fleet.rows() == [name(493)]
    kept = fleet.page.ask("location.hash")
    fleet.page.open("about:blank")
    fleet.page.open(fleet.url + kept)
    assert fleet.rows() == [name(493)]
    assert fleet.page.ask("document.getElementById('search').value") == "TENANT-49 in sync"


def test_a_search_finds_values_of_fields_and_nothing_offers_a_way_back(fleet):
    fleet.page.click("#search")
    fleet.page.type("a:3 conflict")
    assert len(fleet.rows()) == 12
    fleet.page.type(" nowhere to be found")
    assert fleet.rows() == []
    assert fleet.page.ask("document.getElementById('empty').checkVisibility()")
    fleet.page.click("#reset")
    assert len(fleet.rows()) == TENANTS


def test_everything_can_be_done_by_keyboard(fleet):
    focused = "document.activeElement.id || document.activeElement.tagName"
    fleet.page.press("/")
    assert fleet.page.ask(focused) == "search"
    fleet.page.type("tenant-000")
    assert fleet.rows() == [name(0)]
    for stop in ("node", "open", "close", "SUMMARY"):
        fleet.page.press("Tab")
        assert fleet.page.ask(focused) == stop
    assert fleet.page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    fleet.page.press("Enter")
    assert fleet.page.ask("document.activeElement.parentElement.open")
    for stop in ("close", "open", "node", "search"):
        fleet.page.press("Tab", shift=True)
        assert fleet.page.ask(focused) == stop
    fleet.page.press("Escape")
    assert len(fleet.rows()) == FINDINGS + 6
    fleet.page.press("Tab", shift=True)
    assert fleet.page.ask("document.activeElement.className.includes('tile')")
    fleet.page.press(" ")
    assert fleet.page.ask("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert len(fleet.rows()) == statuses(fleet)["in_sync"]


def test_a_screen_reader_is_told_names_roles_and_states(fleet):
    tree = fleet.page.call("Accessibility.getFullAXTree")["nodes"]
    told = {
        (one["role"]["value"], one.get("name", {}).get("value", "").split("  ")[0])
        for one in tree
        if not one["ignored"] and one.get("role")
    }
    for expected in (("heading", "500 tenants: 48 drifted, 6 failed or could not be judged, 12 waiting for a deploy"),):
        assert expected in told
    unnamed = [
        role for role, named in told if role in ("button", "searchbox", "combobox", "DisclosureTriangle") and not named
    ]
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800, 400])
def test_every_word_is_readable_and_nothing_is_cut_off(fleet, scheme, width):
    fleet.page.look(scheme, width)
    fleet.page.open(fleet.url)
    fleet.picture(f"page-{scheme}-{width}")
    assert fleet.page.ask("[...document.querySelectorAll('.tile')].every(t => t.scrollWidth <= t.clientWidth)")
    assert fleet.page.ask(FAINT % CONTRAST) == {}
    assert fleet.page.ask("document.documentElement.scrollWidth") <= width
    fleet.page.click("#open")
    assert fleet.page.ask("document.querySelectorAll('.tenant[open]').length") == FINDINGS
    fleet.page.ask("document.querySelector('.tenant[open]').scrollIntoView()")
    fleet.picture(f"page-{scheme}-{width}-open")
    assert fleet.page.ask(FAINT % CONTRAST) == {}
    assert fleet.page.ask("document.documentElement.scrollWidth") <= width
    fleet.page.ask("document.querySelector('.tenant[open]').scrollIntoView()")
    fleet.page.ask("document.querySelector('h2').scrollIntoView()")
    fleet.picture(f"page-{scheme}-{width}-ignored")


@pytest.mark.parametrize("width", [1280, 400])
def test_hostile_strings_are_shown_and_do_nothing(attacked, width):
    attacked.page.look("light", width)
    attacked.page.open(attacked.url)
    attacked.page.click("#open")
    attacked.picture(f"hostile-{width}")
    # Whatever waits for the mouse or for the focus had its chance.
    touch = "one.focus?.(); one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    attacked.page.ask(f"for (const one of document.querySelectorAll('main *')) {{ {touch}; }}")
    made = attacked.page.ask(
        "[...document.querySelectorAll('script, style, img, iframe, object, svg, form')].map(e => e.tagName)"
    )
    assert sorted(made) == ["SCRIPT", "STYLE"]
    text = attacked.page.ask("document.querySelector('main').textContent")
    missing = [one for one in attacked.texts if visible(one) not in text]
    assert missing == []
    assert attacked.page.ask("document.documentElement.scrollWidth") <= width


def visible(text):
    """A string as the page names what cannot be seen."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"U+{ord(c):04X}" for c in text)


def test_the_page_is_quick_with_five_hundred_tenants(fleet):
    took = fleet.page.ask("performance.getEntriesByType('navigation')[0].duration")
    assert took < 5000
