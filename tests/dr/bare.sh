#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The recovery of a tenant's database and application as one does it without the platform: with the same images, the
# same configuration of pgBackRest and the same repository. `bare.sh restore` ends when the application answers.
# SERVER_IMAGE, APP_IMAGE, STANZA
set -eu
cd "$(dirname "$0")"

name=dr-bare
server() {
    docker run --network "$name" --init --read-only --tmpfs /tmp --tmpfs /run/postgresql --user 999:999 \
        --volume "$name:/var/lib/postgresql/data" \
        --volume "$PWD/pgbackrest.conf:/etc/pgbackrest/pgbackrest.conf:ro" \
        --volume /etc/tenantry/backup-ca.crt:/etc/tenantry/backup-ca.crt:ro "$@"
}

restore() {
    docker network create "$name" >/dev/null
    docker volume create "$name" >/dev/null
    server --rm "$SERVER_IMAGE" pgbackrest --stanza="$STANZA" --archive-mode=off restore
    server --detach --name "$name-server" --network-alias server "$SERVER_IMAGE" postgres -c archive_mode=off >/dev/null
    until [ "$(docker exec "$name-server" psql -XAtqU app -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; do
        sleep 0.1
    done
    docker compose --project-name "$name" --file bare.yaml up --detach --quiet-pull
    until curl --silent --fail --output /dev/null http://127.0.0.1:18080/notes; do
        sleep 0.1
    done
}

clean() {
    docker compose --project-name "$name" --file bare.yaml down --timeout 1
    docker rm --force "$name-server" >/dev/null
    docker volume rm "$name" >/dev/null
    docker network rm "$name" >/dev/null
}

"$1"
