# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page answers: filters, search and the keyboard. Without it the page shows everything."""

from __future__ import annotations

# What is chosen stands in the address after #, so that a filtered page can be sent to somebody.
SCRIPT = """
"use strict";
(() => {
  const rows = [...document.querySelectorAll(".tenant")];
  const tiles = [...document.querySelectorAll(".tile")];
  const search = document.getElementById("search");
  const node = document.getElementById("node");
  const shown = document.getElementById("shown");
  const empty = document.getElementById("empty");
  if (!search) return;
  const start = search.dataset.start;
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const state = {status: start, q: "", node: ""};

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    state.status = tiles.some((tile) => tile.dataset.status === given.get("status")) ? given.get("status") : start;
    state.q = given.get("q") || "";
    state.node = [...node.options].some((one) => one.value === given.get("node")) ? given.get("node") : "";
    search.value = state.q;
    node.value = state.node;
  }

  function apply() {
    const words = state.q.toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const trouble = row.dataset.trouble === "1";
      const fits = (state.status === "all" || row.dataset.status === state.status
          || (state.status === "trouble" && trouble))
        && (!state.node || row.dataset.node === state.node)
        && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const tile of tiles) tile.setAttribute("aria-pressed", String(tile.dataset.status === state.status));
    shown.textContent = `${count} of ${rows.length} shown`;
    empty.hidden = count > 0;
  }

  function choose(change) {
    Object.assign(state, change);
    const kept = Object.entries(state).filter(([name, value]) => value && !(name === "status" && value === start));
    const hash = new URLSearchParams(kept).toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    apply();
  }

  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      choose({status: state.status === tile.dataset.status ? start : tile.dataset.status});
    });
  }
  // A name that somebody looks for may be in sync: a search covers everything unless a status was chosen.
  search.addEventListener("input", () => {
    const q = search.value.trim();
    const status = state.status === "trouble" && q ? "all" : state.status === "all" && !q ? start : state.status;
    choose({q, status});
  });
  node.addEventListener("change", () => choose({node: node.value}));
  document.getElementById("open").addEventListener("click", () => {
    for (const row of rows) if (row.tagName === "DETAILS" && !row.hidden) row.open = true;
  });
  document.getElementById("close").addEventListener("click", () => {
    for (const row of rows) if (row.tagName === "DETAILS") row.open = false;
  });
  document.getElementById("reset").addEventListener("click", () => {
    search.value = "";
    node.value = "";
    choose({status: "all", q: "", node: ""});
    search.focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      search.dispatchEvent(new Event("input"));
    }
  });
  window.addEventListener("hashchange", () => { read(); apply(); });
  read();
  apply();
})();
"""
