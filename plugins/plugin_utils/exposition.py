# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as text for the textfile collector of node_exporter. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.report import clean

Number = t.Union[int, float]
Samples = t.Iterable[tuple[t.Mapping[str, str], Number]]


class Family(t.NamedTuple):
    """Samples of one name.

    :ivar text: what they say; a sentence without its full stop.
    """

    name: str
    text: str
    samples: Samples


def render(families: t.Iterable[Family], fleet: str) -> bytes:
    """The text of the file: gauges.

    :param fleet: label of every sample; several fleets may be watched from one machine, whose collector refuses two
        samples with equal labels. Empty for none.
    """
    lines = []
    common = {"fleet": fleet} if fleet else {}
    for name, text, samples in families:
        lines += [f"# HELP {name} {text}.", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels({**common, **labels})} {_number(value)}" for labels, value in samples]
    return "\n".join([*lines, ""]).encode()


def _number(value: Number) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _labels(labels: t.Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escape(clean(value))}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
