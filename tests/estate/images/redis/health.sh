#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exit code 0 when the server answers PONG; redis-cli itself exits 0 on most errors.
if [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
    REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") || exit 1
    export REDISCLI_AUTH
fi
[ "$(redis-cli ping 2>&1)" = PONG ]
