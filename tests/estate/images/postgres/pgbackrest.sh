#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Puts pgBackRest of Debian 13 into /usr/bin. Its libraries come from Debian 12; apt's sources stay as they are.
set -eu

private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
mkdir -p "$private/lists/partial"
printf 'deb http://deb.debian.org/debian trixie main\n' >"$private/sources.list"

trixie() {
    apt-get -q -o Dir::Etc::SourceList="$private/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$private/lists" -o Dir::Cache="$private" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@"
}

cd "$private"
trixie update
trixie download pgbackrest
dpkg-deb --fsys-tarfile pgbackrest_*.deb | tar -x -C / ./usr/bin/pgbackrest ./usr/share/doc/pgbackrest/copyright
pgbackrest version
