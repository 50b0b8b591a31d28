#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# S3 over TLS on port 8333, its data on /data; everything else of SeaweedFS listens on the loopback only.
# S3_CERT_FILE, S3_KEY_FILE: certificate and key. S3_ACCESS_KEY_FILE, S3_SECRET_KEY_FILE: the one who may do everything.
# S3_BUCKET: made on start when it is missing, optional.
set -eu
umask 077

own=/tmp/s3
endpoint=https://127.0.0.1:8333

fail() {
    echo "s3: $*" >&2
    exit 1
}

[ "${1:-weed}" = weed ] || exec "$@"

readable() {
    [ -n "$2" ] || fail "$1 is not set: name a file"
    [ -s "$2" ] || fail "file $1=$2 is empty or cannot be read by uid $(id -u)"
}

# The keys stand in files: in an argument anyone could read them.
key() {
    readable "$1" "$2"
    content=$(cat "$2")
    case "$content" in
        *[!A-Za-z0-9+/=._~-]*) fail "the key in $1=$2 has characters beyond A-Z a-z 0-9 + / = . _ ~ -: choose another" ;;
    esac
    printf '%s' "$content"
}

# Grown on demand, the first volume of a bucket keeps its first writer waiting for 5 s.
grow() {
    for volume in "/data/${S3_BUCKET}"_*.dat; do
        [ ! -e "$volume" ] || return 0
    done
    curl --silent --fail --output /dev/null "http://127.0.0.1:9333/vol/grow?count=1&replication=000&collection=$S3_BUCKET"
}

make_bucket() {
    tries=0
    until curl --config "$own/curl.conf" --output /dev/null --fail --head "$endpoint/$S3_BUCKET" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "no bucket $S3_BUCKET could be made: $said"
        sleep 0.2
        said=$(grow && curl --config "$own/curl.conf" --fail-with-body --request PUT "$endpoint/$S3_BUCKET" 2>&1) \
            || true
    done
    echo "s3: bucket $S3_BUCKET is there"
}

readable S3_CERT_FILE "${S3_CERT_FILE:-}"
readable S3_KEY_FILE "${S3_KEY_FILE:-}"
access=$(key S3_ACCESS_KEY_FILE "${S3_ACCESS_KEY_FILE:-}")
case "$access" in
    */*) fail "the key in S3_ACCESS_KEY_FILE has a /, which ends it in a signature: choose another" ;;
esac
secret=$(key S3_SECRET_KEY_FILE "${S3_SECRET_KEY_FILE:-}")
mkdir -p "$own"
cat >"$own/identities.json" <<JSON
{"identities": [{"name": "estate", "credentials": [{"accessKey": "$access", "secretKey": "$secret"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
JSON
# It asks itself: whose certificate it is does not matter.
cat >"$own/curl.conf" <<CONFIG
user = "$access:$secret"
aws-sigv4 = "aws:amz:us-east-1:s3"
insecure
silent
show-error
CONFIG

stopped=
# The server answers SIGTERM and then waits 15 s for subscribers in its own process, which stay. What was written is
# in the files by then: they survive a SIGKILL at any time.
trap 'stopped=yes; kill -TERM "$server"; sleep 1; kill -KILL "$server" 2>/dev/null || true' TERM INT
weed -logtostderr=true server -dir=/data -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -master.telemetry=false -master.electionTimeout=500ms -master.volumeSizeLimitMB=64 -volume.max=200 -volume.preStopSeconds=0 \
    -filer -s3 -s3.ip.bind=0.0.0.0 -s3.config="$own/identities.json" \
    -s3.cert.file="$S3_CERT_FILE" -s3.key.file="$S3_KEY_FILE" \
    -s3.autoCreateBucket=false -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0 &
server=$!
[ -z "${S3_BUCKET:-}" ] || make_bucket &
code=0
wait "$server" || code=$?
[ -z "$stopped" ] || exit 0
exit "$code"
