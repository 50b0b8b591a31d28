#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the databases on an empty volume, then becomes the server.
# MARIADB_ROOT_PASSWORD_FILE (needed for the first start): root over the network; over the socket root needs no password.
# MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD_FILE: a database and who owns it, all optional.
set -eu

data=/var/lib/mysql
unfinished="$data/.install"

fail() {
    echo "mariadb: $*" >&2
    exit 1
}

# An SQL string of the first line of a file; the password appears in no argument.
password() {
    [ -n "$2" ] || fail "$1 is not set: name a file with the password"
    [ -s "$2" ] || fail "password file $1=$2 is empty or cannot be read by uid $(id -u)"
    printf "'%s'" "$(sed -e "s/[\\\\']/\\\\&/g" -e 1q "$2")"
}

grants() {
    root_password=$(password MARIADB_ROOT_PASSWORD_FILE "${MARIADB_ROOT_PASSWORD_FILE:-}")
    # Of root without a password only the one of the socket stays.
    printf "DELETE FROM mysql.global_priv WHERE host <> 'localhost' OR user NOT IN ('root', 'mariadb.sys');\n"
    # A bootstrapping server knows no accounts before it has loaded them.
    printf 'FLUSH PRIVILEGES;\n'
    printf "CREATE USER root@'%%' IDENTIFIED BY %s;\n" "$root_password"
    printf "GRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\n"
    database=$(printf '%s' "${MARIADB_DATABASE:-}" | sed "s/\`/\`\`/g")
    [ -z "$database" ] || printf "CREATE DATABASE \`%s\`;\n" "$database"
    if [ -n "${MARIADB_USER:-}" ]; then
        user_password=$(password MARIADB_PASSWORD_FILE "${MARIADB_PASSWORD_FILE:-}")
        user=$(printf '%s' "$MARIADB_USER" | sed "s/\`/\`\`/g")
        printf "CREATE USER \`%s\`@'%%' IDENTIFIED BY %s;\n" "$user" "$user_password"
        # In a grant, _ and % of a database's name are wildcards.
        pattern=$(printf '%s' "$database" | sed 's/[_%\\]/\\&/g')
        [ -z "$database" ] || printf "GRANT ALL ON \`%s\`.* TO \`%s\`@'%%';\n" "$pattern" "$user"
    fi
}

create_databases() {
    # A kill in the middle must not leave half a server that looks whole: everything is made
    # in a directory of its own, and mysql, by which a whole one is known, moves last.
    find "$data" -mindepth 1 -delete
    mkdir -m 0700 "$unfinished"
    sql=$(grants)
    mariadb-install-db --datadir="$unfinished/data" --auth-root-authentication-method=normal \
        --skip-test-db --skip-name-resolve >/dev/null
    printf '%s\n' "$sql" | mariadbd --bootstrap --datadir="$unfinished/data" 2>"$unfinished/log" \
        || fail "cannot make the accounts: $(cat "$unfinished/log")"
    sync
    find "$unfinished/data" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t "$data" {} +
    mv "$unfinished/data/mysql" "$data/"
    echo "mariadb: made database ${MARIADB_DATABASE:-(none)} for user ${MARIADB_USER:-(none)}"
}

case "${1:-}" in
    -*) set -- mariadbd "$@" ;;
esac
if [ "${1:-mariadbd}" = mariadbd ]; then
    if [ ! -d "$data/mysql" ]; then
        if [ ! -d "$unfinished" ] && [ -n "$(find "$data" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
            fail "$data holds files but no databases (no mysql): mount an empty volume"
        fi
        create_databases
    fi
    rm -rf "$unfinished"
fi
exec "$@"
