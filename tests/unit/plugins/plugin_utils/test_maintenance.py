# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a tenant may be worked on now."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.maintenance import is_open


def at(text):
    """A time in UTC; the 16th of November 2026 is a Monday."""
    return datetime.datetime.fromisoformat(f"2026-11-{text}:00+00:00")


@pytest.mark.parametrize(
    ("window", "timezone", "time", "expected"),
    [
        (None, "UTC", "16T12:00", True),
        ("daily 02:00-04:00", "UTC", "16T02:00", True),
        ("daily 02:00-04:00", "UTC", "16T04:00", False),
        ("daily 02:00-04:00", "Europe/Berlin", "16T01:30", True),
        ("daily 02:00-04:00", "Europe/Berlin", "16T03:30", False),
        ("mon 02:00-04:00", "Pacific/Auckland", "15T14:00", True),  # there it is Monday already
        ("sat,sun 22:00-04:00", "UTC", "21T22:00", True),
        ("sat,sun 22:00-04:00", "UTC", "16T03:59", True),  # what began on Sunday
        ("sat,sun 22:00-04:00", "UTC", "16T22:30", False),
        ("sat,sun 22:00-04:00", "UTC", "21T03:00", False),  # what would have begun on Friday
        ("mon-fri 01:00-02:30", "UTC", "20T02:29", True),
        ("mon-fri 01:00-02:30", "UTC", "21T02:00", False),
        ("sat-mon 01:00-02:30", "UTC", "16T02:00", True),
        ("sat-mon 01:00-02:30", "UTC", "17T02:00", False),
        ("mon,wed-thu 01:00-02:30", "UTC", "19T02:00", True),
        ("tue 00:00-00:00", "UTC", "17T23:59", True),
        ("tue 00:00-00:00", "UTC", "18T00:00", False),
    ],
)
def test_a_window_is_open_on_its_days_by_the_clocks_of_its_place(window, timezone, time, expected):
    assert is_open(window, timezone, at(time)) is expected
