#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the SQLite database on an empty volume, writes the configuration, then becomes the server.
# PDNS_API_KEY_FILE (needed), PDNS_API_ADDRESS, PDNS_API_PORT, PDNS_API_ALLOW_FROM, PDNS_DNS_ADDRESS, PDNS_DNS_PORT.
# Runs as any user that owns the volume; as root it gives the volume to pdns and lets the server drop to that user.
set -eu
umask 077

data=/var/lib/powerdns
run=/run/powerdns
database="$data/pdns.sqlite3"

fail() {
    echo "powerdns: $*" >&2
    exit 1
}

[ -n "${PDNS_API_KEY_FILE:-}" ] || fail "PDNS_API_KEY_FILE is not set: name a file with the API key"
[ -s "$PDNS_API_KEY_FILE" ] || fail "API key file $PDNS_API_KEY_FILE is empty or cannot be read by uid $(id -u)"
key=$(cat "$PDNS_API_KEY_FILE")
case "$key" in
    *[!A-Za-z0-9._~/=-]*) fail "API key in $PDNS_API_KEY_FILE has characters beyond A-Z a-z 0-9 . _ ~ / = -: choose another" ;;
esac
[ -w "$run" ] || fail "$run is not writable for uid $(id -u): mount a tmpfs there"

if [ ! -s "$database" ]; then
    # Renamed into place when it is whole, so that a kill in the middle leaves no half schema.
    rm -f "$database.new"
    sqlite3 "$database.new" </usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
    mv "$database.new" "$database"
    echo "powerdns: made the database $database"
fi

identity=
if [ "$(id -u)" = 0 ]; then
    chown -R pdns:pdns "$data" "$run"
    identity="setuid=pdns
setgid=pdns"
fi

# The key stands in a file: in an argument anyone could read it.
cat >"$run/pdns.conf" <<CONFIG
launch=gsqlite3
gsqlite3-database=$database
gsqlite3-dnssec=yes
gsqlite3-pragma-foreign-keys=yes
api=yes
api-key=$key
webserver=yes
webserver-address=$PDNS_API_ADDRESS
webserver-port=$PDNS_API_PORT
webserver-allow-from=$PDNS_API_ALLOW_FROM
local-address=$PDNS_DNS_ADDRESS
local-port=$PDNS_DNS_PORT
socket-dir=$run
disable-syslog=yes
guardian=no
daemon=no
security-poll-suffix=
$identity
CONFIG
exec pdns_server --config-dir="$run"
