#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the database cluster on an empty volume, then becomes the server.
# POSTGRES_USER (postgres), POSTGRES_DB (the user's name), POSTGRES_PASSWORD_FILE (needed for the first start).
set -eu

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
unfinished="$PGDATA/.initdb"

fail() {
    echo "postgres: $*" >&2
    exit 1
}

create_cluster() {
    [ -n "${POSTGRES_PASSWORD_FILE:-}" ] \
        || fail "volume $PGDATA is empty and POSTGRES_PASSWORD_FILE is not set: name a file with the password"
    [ -s "$POSTGRES_PASSWORD_FILE" ] \
        || fail "password file $POSTGRES_PASSWORD_FILE is empty or cannot be read by uid $(id -u)"
    # A kill in the middle must not leave half a cluster that looks whole: everything is made
    # in a directory of its own, and PG_VERSION, by which the server knows a cluster, moves last.
    find "$PGDATA" -mindepth 1 -delete
    mkdir -m 0700 "$unfinished"
    initdb --pgdata="$unfinished/cluster" --username="$user" --pwfile="$POSTGRES_PASSWORD_FILE" \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    printf 'host all all all scram-sha-256\n' >>"$unfinished/cluster/pg_hba.conf"
    printf "listen_addresses = '*'\n" >>"$unfinished/cluster/postgresql.conf"
    if [ "$database" != postgres ]; then
        quoted=$(printf '%s' "$database" | sed 's/"/""/g')
        printf 'CREATE DATABASE "%s"\n' "$quoted" | postgres --single -D "$unfinished/cluster" -c exit_on_error=on postgres >/dev/null
    fi
    sync
    find "$unfinished/cluster" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
    mv "$unfinished/cluster/PG_VERSION" "$PGDATA/"
    echo "postgres: made a cluster with database $database for user $user"
}

case "${1:-}" in
    -*) set -- postgres "$@" ;;
esac
if [ "${1:-postgres}" = postgres ]; then
    if [ ! -e "$PGDATA/PG_VERSION" ]; then
        if [ ! -d "$unfinished" ] && [ -n "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
            fail "$PGDATA holds files but no cluster (no PG_VERSION): mount an empty volume"
        fi
        create_cluster
    fi
    rm -rf "$unfinished"
    chmod 0700 "$PGDATA"
fi
exec "$@"
