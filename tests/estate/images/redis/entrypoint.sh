#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Becomes the server with its data on /data. REDIS_PASSWORD_FILE: a file with the password, optional.
set -eu

if [ "${1:-}" != redis-server ]; then
    exec "$@"
fi
shift

password=
if [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
    password="requirepass \"$(sed 's/[\\"]/\\&/g' "$REDIS_PASSWORD_FILE")\""
fi
# The configuration comes from standard input: a password in an argument could be read by anyone.
exec redis-server - "$@" <<CONFIG
bind * -::*
protected-mode no
dir /data
appendonly yes
$password
CONFIG
