# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests in here measure no time: a busy machine would fail them by chance. They leave no files behind."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("tenantry", deadline=None, database=None, max_examples=50)
settings.load_profile("tenantry")
