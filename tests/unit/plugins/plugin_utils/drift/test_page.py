# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page, read back as a browser would."""

from __future__ import annotations

import html.parser

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import page, page_script, page_style
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import (
    checked,
    event,
    finding,
    fleet,
    hostile,
    report,
    row,
    run,
    verdict,
)

# fmt: off
ELEMENTS = {
    "html", "head", "meta", "link", "title", "style", "body", "main", "header", "h1", "h2", "ul", "li", "p",
    "strong", "b", "br", "span", "bdi", "div", "section", "button", "input", "select", "option", "output",
    "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "a", "script",
}
# fmt: on
VOID = {"meta", "link", "br", "input"}


class Page(html.parser.HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts, self.odd = [], [], [], []
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.odd.append(tag)

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.texts.append(data)

    def handle_comment(self, data):
        self.odd.append(data)

    @property
    def text(self):
        return "".join(self.texts)

    def all(self, tag, **attributes):
        return [
            one for name, one in self.elements if name == tag and all(one.get(k) == v for k, v in attributes.items())
        ]


def look(made):
    """The page of a run."""
    seen = Page(page.render(report(made)))
    assert (seen.odd, seen.open) == ([], [])
    return seen


def tenants(seen):
    """Rows of tenants, in order: status, and whether they need attention."""
    rows = [one for _tag, one in seen.elements if one.get("class") == "tenant"]
    return [(one["data-status"], one["data-trouble"]) for one in rows]


def test_trouble_comes_first_and_is_what_is_shown_first():
    seen = look(
        checked(verdict("acme"), verdict("globex", "drift", finding()), verdict("hooli", "conflict", finding()))
    )
    assert tenants(seen) == [("conflict", "1"), ("drift", "1"), ("in_sync", "0")]
    pressed = seen.all("button", **{"aria-pressed": "true"})
    assert [one["data-status"] for one in pressed] == ["trouble"]
    assert "3 tenants: 2 drifted" in seen.text


def test_the_name_of_the_fleet_stands_on_top():
    made = checked(verdict("acme"))
    assert "fleet eu-west" not in look(made).text
    made.fleet = "eu-west"
    assert "fleet eu-west" in look(made).text


def test_a_fleet_without_trouble_is_shown_whole():
    seen = look(checked(verdict("acme")))
    assert "1 tenant: all as they should be" in seen.text
    assert [one["data-status"] for one in seen.all("button", **{"aria-pressed": "true"})] == ["all"]


def test_a_tenant_shows_each_field_as_applied_desired_and_live():
    gone = finding(field="presence", last="", live=None)
    seen = look(checked(verdict("acme", "drift", finding(last="128m", desired="256m", live={"a": None}), gone)))
    for expected in ("acme-web-1", "memory", "128m", "256m", '"a": null', "absent", "empty"):
        assert expected in seen.text
    assert "None" not in seen.text


def test_a_sensitive_value_is_shown_as_hidden():
    text = page.render(report(checked(verdict("acme", "drift", finding(sensitive=True, live="hmac:1234"))))).decode()
    assert "hmac:1234" not in text
    assert '<span class="none">hidden</span>' in text


def test_ignored_findings_stand_apart_with_their_reason():
    known = finding(ignored_by={"reason": "scaled by hand", "until": None})
    seen = look(checked(verdict("acme", "in_sync", known)))
    assert "Ignored findings (1)" in seen.text
    assert "scaled by hand" in seen.text
    assert "for ever" in seen.text
    assert tenants(seen) == [("in_sync", "0")]


def test_changed_tasks_are_shown_with_their_differences():
    made = run(check=True)
    diff = {"before": "one\ntwo\n", "after": "one\n2\n", "before_header": "/etc/x"}
    made.ok(event("ansible.builtin.copy", {"changed": True, "diff": diff}, host="node1", check_mode=True))
    made.ok(event("ansible.builtin.command", {"changed": True}, host="node1"))
    made.ok(event("ansible.builtin.copy", {"changed": True}, host="node1", hidden=True, check_mode=True))
    made.end(["node1"], {})
    seen = look(made)
    for expected in ("Changed tasks (3)", "--- /etc/x", "-two", "+2", "1 task ran for real", "no_log"):
        assert expected in seen.text


def test_an_incomplete_report_says_so_on_top_and_names_errors():
    made = checked(verdict("acme", "unreachable"))
    made.lose(event("ping", {"msg": "Connection refused"}, host="node1"))
    seen = look(made)
    assert "This report is not complete. 1 tenant could not be judged." in seen.text
    assert "node1, Do ping: Connection refused" in seen.text
    early = run(check=True)
    early.lost.append("x")
    assert "the run ended early" in look(early).text


def test_how_a_tenant_was_before_the_run_is_told():
    made = checked(verdict("acme", "drift", finding()))
    made.ok(event("tenantry.platform.plan_outcomes", {}))
    made.ok(fleet("report", [row("acme", "converged")]))
    seen = look(made)
    assert tenants(seen) == [("converged", "0")]
    for expected in ("1 mended", "Before the run: drift"):
        assert expected in seen.text


def test_nothing_is_loaded_from_anywhere():
    seen = look(checked(verdict("acme", "drift", finding())))
    assert [one["href"] for one in seen.all("link")] == ["data:,"]
    assert not [one for _tag, one in seen.elements if "src" in one]
    for text in (page_style.STYLE, page_script.SCRIPT):
        assert "//" not in text.replace("// ", "")
        assert "url(" not in text
        assert "@import" not in text
    policy = seen.all("meta")[1]["content"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_hostile_strings_stay_text_wherever_they_stand():
    texts = hostile()
    made = run(check=True, limit=texts[-14])
    made.playbooks += texts
    verdicts = []
    for i, text in enumerate(texts):
        rule = {"reason": text, "until": text} if i % 2 else None
        one = finding(name=text, kind=text, field=text, last=text, desired=[text], live={text: text}, ignored_by=rule)
        given = {"node": text, "reasons": [text], "held": [text], "release": text, "url": text}
        verdicts.append(verdict(text, "drift", {**one, "text": text}, **given))
        diff = {"before": text, "after": f"{text}x", "before_header": text, "after_header": text}
        told = {"changed": True, "item": text, "diff": [diff, {"prepared": text}]}
        names = {"host": text, "task": text, "path": text, "role": text, "delegate_to": text}
        made.ok(event("x", told, check_mode=True, **names))
        made.lose(event("x", {"msg": text}, **names))
    made.ok(event("tenantry.platform.plan", {"tenants": verdicts}))
    made.end(texts, {})
    seen = look(made)
    assert {name for name, _attributes in seen.elements} <= ELEMENTS
    assert len(seen.all("script")) == len(seen.all("style")) == 1
    assert not [key for _name, one in seen.elements for key in one if key.startswith("on") or key == "style"]
    assert all(one["href"].startswith(("http://", "https://")) for one in seen.all("a"))
    hiding = set("\u202e\u2066\u2069\x00\x1b\x7f\x85\u2028\ud800\U000e0041")
    assert not hiding & set(seen.text)
    for expected in ("<script>alert(1)</script>", "U+202E", "U+0000", "&lt;b&gt;"):
        assert expected in seen.text


def test_five_thousand_tenants_make_a_page_that_mails_can_carry():
    made = checked(*(verdict(f"tenant{i:04d}", "drift" if i < 60 else "in_sync") for i in range(5000)))
    assert len(page.render(report(made))) < 3_000_000
