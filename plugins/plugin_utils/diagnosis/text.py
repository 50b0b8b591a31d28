# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a walk tells a person. Pure text."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import BROKEN, OK, UNKNOWN, Link
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.walk import Walk
from ansible_collections.tenantry.platform.plugins.plugin_utils.report import clean

MOST_EVIDENCE = 12
NO_TENANT = "doctor walks to tenants, and --limit names none: name one, or a group of them such as tier_premium"


def lines(walks: t.Iterable[Walk]) -> list[str]:
    """A paragraph for each tenant: its links, the cause, what was seen, and the command that mends it."""
    return [line for walk in walks for line in ("", *_paragraph(walk))]


def headline(walk: Walk) -> str:
    """Why a tenant fails a run, in one line."""
    cause = walk.cause
    if cause is None:
        return walk.status
    return clean(f"{cause.name}: {cause.text}" + (f"; {_word(cause)}: {_how(cause)}" if _how(cause) else ""))


def headlines(walks: t.Iterable[Walk], status: str) -> dict[str, str]:
    """By tenant why its walk ended in a status."""
    return {one.tenant: headline(one) for one in walks if one.status == status}


def _paragraph(walk: Walk) -> t.Iterator[str]:
    yield clean(walk.tenant + (f" on {walk.node}" if walk.node else "") + f": {_head(walk)}")
    for link in walk.links:
        because = f" (because of {link.because})" if link.because else ""
        yield f"  {link.name:<9}  {link.status:<7}  {clean(link.text)}{because}"
        if link.fine:
            yield from (f"{'':<22}{clean(text)}" for text in link.evidence)
    known: set[str] = set()
    for number, root in enumerate(walk.roots):
        yield from _root("Cause" if number == 0 else "Also", root, known)
    if walk.notes:
        yield f"  Differs without breaking anything: {clean('; '.join(walk.notes))}"
    hints = [link.command for link in walk.links if link.status == OK and link.command]
    yield from (f"  To serve it again: {hint}" for hint in hints)


def _head(walk: Walk) -> str:
    cause = walk.cause
    if cause is None:
        return "every link is ok" if walk.state == "active" else f"{walk.state}, as the database wants it"
    return f"{cause.name} is broken" if cause.status == BROKEN else f"{cause.name} could not be told"


def _root(word: str, link: Link, known: set[str]) -> t.Iterator[str]:
    """One cause.

    :param known: what was said already of how to mend something.
    """
    yield f"  {word}: {link.name}: {clean(link.text)}"
    shown = link.evidence[:MOST_EVIDENCE]
    yield from (f"    {clean(text)}" for text in shown)
    if len(link.evidence) > len(shown):
        yield f"    (+{len(link.evidence) - len(shown)} more)"
    how = clean(_how(link))
    if how:
        yield "  the same mends it" if how in known else f"  {_word(link).capitalize()}: {how}"
        known.add(how)


def _word(link: Link) -> str:
    return "next" if link.status == UNKNOWN else "mend it"


def _how(link: Link) -> str:
    """Advice and command, as one sentence."""
    if link.advice and link.command:
        return f"{link.advice}: {link.command}"
    return link.command or link.advice
