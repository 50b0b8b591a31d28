# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page looks: one style sheet, in light and in dark."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2330; --soft: #5c6675; --line: #dde1e7; --wash: #eef1f5;
  --focus: #2563eb; --red: #b42318; --red-wash: #fdecea; --orange: #a15007; --orange-wash: #fdf1e0;
  --blue: #1d4fb8; --blue-wash: #e8effd; --green: #1a7340; --green-wash: #e5f5eb; --grey: #5c6675;
  --grey-wash: #eceff3; --violet: #6d3fc0; --violet-wash: #f1ebfc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1a1f28; --ink: #e6e9ee; --soft: #9aa5b4; --line: #2d3542; --wash: #222935;
    --focus: #7aa7ff; --red: #ff9c92; --red-wash: #41201e; --orange: #f5b567; --orange-wash: #3a2a14;
    --blue: #93b8ff; --blue-wash: #1d2b4a; --green: #7fd6a2; --green-wash: #173324; --grey: #a7b1bf;
    --grey-wash: #2a313d; --violet: #c3a6ff; --violet-wash: #2e2446;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans",
  sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; overflow-wrap: anywhere; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 18px; margin: 36px 0 10px; }
p { margin: 4px 0; }
code, pre, .mono { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
a { color: var(--blue); }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--soft); font-size: 13px; margin: 0; padding: 0;
  list-style: none; }
.banner { border-left: 4px solid var(--orange); background: var(--orange-wash); border-radius: 6px;
  padding: 10px 14px; margin: 16px 0 0; }
.banner.bad { border-color: var(--red); background: var(--red-wash); }
.banner ul { margin: 4px 0 0; padding-left: 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); gap: 10px; margin: 20px 0 16px; }
.tile { display: block; text-align: left; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 8px; padding: 8px 12px 10px;
  cursor: pointer; overflow-wrap: normal; }
.tile b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; color: var(--tone); }
.tile:hover { background: var(--wash); }
.tile[aria-pressed=true] { background: var(--tone-wash); border-color: var(--tone); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.bar { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; position: sticky; top: 0; z-index: 1;
  background: var(--page); padding: 8px 0; }
.bar input, .bar select, .bar button { font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; }
.bar input { flex: 1 1 260px; min-width: 0; }
.bar select { max-width: 200px; }
.bar button { cursor: pointer; }
.bar output { color: var(--soft); font-size: 13px; white-space: nowrap; }
.list { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.row { display: grid; grid-template-columns: 18px minmax(120px, 1.1fr) 108px minmax(70px, .6fr) 200px 160px
  minmax(160px, 2fr); gap: 12px; align-items: baseline; padding: 7px 14px; }
.row > * { min-width: 0; overflow-wrap: anywhere; }
.head { font-size: 12px; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); background: var(--wash);
  border-bottom: 1px solid var(--line); }
.tenant { border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 37px; }
.head + .tenant { border-top: 0; }
/* What gets the focus must not hide below the bar. */
.tenant, .tenant > summary { scroll-margin-top: 64px; }
.tenant > summary { cursor: pointer; list-style: none; }
.tenant > summary::-webkit-details-marker { display: none; }
.tenant > summary:hover { background: var(--wash); }
.tenant > summary:focus-visible { outline-offset: -3px; }
.tenant > summary > :first-child::before { content: "\\25B8"; color: var(--soft); }
.tenant[open] > summary > :first-child::before { content: "\\25BE"; }
.tenant[open] > summary { background: var(--wash); }
.why { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden;
  color: var(--soft); font-size: 13px; }
.detail { padding: 10px 14px 18px 44px; border-top: 1px solid var(--line); }
.detail ul { margin: 4px 0; padding-left: 20px; }
.scroll { overflow-x: auto; }
.pill { display: inline-block; border-radius: 999px; padding: 1px 9px; font-size: 12.5px; white-space: nowrap;
  color: var(--tone); background: var(--tone-wash); }
.pills { display: flex; flex-wrap: wrap; gap: 4px; }
table { border-collapse: collapse; width: 100%; margin: 10px 0 0; background: var(--card); }
th { text-align: left; font-size: 12px; text-transform: uppercase; letter-spacing: .05em; color: var(--soft);
  font-weight: 600; }
th, td { padding: 6px 10px; border: 1px solid var(--line); vertical-align: top; }
td.what { overflow-wrap: anywhere; min-width: 150px; width: 26%; }
td.value { min-width: 130px; max-width: 320px; width: 18%; }
td.value pre { margin: 0; max-height: 220px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
td.reason { min-width: 180px; }
td.until { white-space: nowrap; }
td.odd { background: var(--red-wash); }
td.new { background: var(--blue-wash); }
.none { color: var(--soft); font-style: italic; }
.u { font-size: 11px; color: var(--orange); background: var(--orange-wash); border-radius: 3px; padding: 0 3px; }
.tone-red { --tone: var(--red); --tone-wash: var(--red-wash); }
.tone-orange { --tone: var(--orange); --tone-wash: var(--orange-wash); }
.tone-blue { --tone: var(--blue); --tone-wash: var(--blue-wash); }
.tone-green { --tone: var(--green); --tone-wash: var(--green-wash); }
.tone-grey { --tone: var(--grey); --tone-wash: var(--grey-wash); }
.tone-violet { --tone: var(--violet); --tone-wash: var(--violet-wash); }
.fold { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; padding: 8px 14px; }
.fold > summary { cursor: pointer; overflow-wrap: anywhere; }
.diff { margin: 8px 0 0; border: 1px solid var(--line); border-radius: 6px; overflow: auto; max-height: 460px;
  padding: 8px 0; }
.diff span { display: block; white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 10px; }
.diff .add { background: var(--green-wash); color: var(--green); }
.diff .del { background: var(--red-wash); color: var(--red); }
.diff .at { color: var(--soft); }
.empty { padding: 22px 14px; text-align: center; color: var(--soft); }
.empty button { font: inherit; color: var(--blue); background: none; border: 0; text-decoration: underline;
  cursor: pointer; }
[hidden] { display: none !important; }
@media (max-width: 960px) {
  .row { display: flex; flex-wrap: wrap; gap: 2px 12px; padding-left: 44px; position: relative; }
  .row > :first-child { position: absolute; left: 14px; }
  .row.head { display: none; }
  .row > strong { flex: 1 1 calc(100% - 150px); }
  .row > .why { flex-basis: 100%; }
  .row > .blank { display: none; }
  .detail { padding-left: 14px; }
}
@media (max-width: 700px) {
  main { padding: 16px 12px 40px; }
  h1 { font-size: 21px; }
  .tiles { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 8px; }
  .tile { font-size: 14px; padding: 6px 9px 8px; }
  .tile b { font-size: 21px; }
  .bar { position: static; }
  .bar input { flex-basis: 100%; }
  .tenant, .tenant > summary { scroll-margin-top: 0; }
  .scroll table, .scroll tbody, .scroll tr, .scroll td { display: block; width: auto; max-width: none; }
  .scroll thead { display: none; }
  .scroll tr { border: 1px solid var(--line); margin: 0 0 8px; }
  .scroll td { border: 0; padding: 4px 10px; }
  .scroll td[data-label] { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 8px; }
  .scroll td[data-label]::before { content: attr(data-label); color: var(--soft); font-size: 13px; }
}
@media print {
  .bar { display: none; }
  .list, .diff, td.value pre { overflow: visible; max-height: none; }
}
"""
