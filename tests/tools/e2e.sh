#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The demo from an installed tarball, twice, then the tests of a fleet and of one run that is killed, at the step that
# TENANTRY_KILL_AT names, else at one by chance. With the argument `all` a run is killed at every step, and an operator's
# day, wrong input and what people change by hand come too. A demo that ran before goes on running.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
export TENANTRY_DEMO_STATE="${TENANTRY_DEMO_STATE:-$root/build/demo}"
export TENANTRY_ESTATE_STATE="${TENANTRY_ESTATE_STATE:-$root/build/estate}"
mine=no
if [ "${1:-}" = all ]; then
  export TENANTRY_KILL_AT=all
  set -- "$root/tests/e2e"
else
  set -- "$root/tests/e2e/test_fleet.py" "$root/tests/e2e/test_interrupted.py"
fi
[ -e "$TENANTRY_DEMO_STATE/settings.json" ] || mine=yes
keep=
[ ! -e "$TENANTRY_ESTATE_STATE/estate.json" ] || keep=--keep-estate

rm -rf build/e2e-installed build/e2e-dist
# Alone on the path: a copy of the same version elsewhere would make galaxy install nothing.
export ANSIBLE_COLLECTIONS_PATH="$root/build/e2e-installed"
ansible-galaxy collection build --force --output-path build/e2e-dist >/dev/null
ansible-galaxy collection install --no-deps -p build/e2e-installed build/e2e-dist/tenantry-platform-*.tar.gz >/dev/null
installed=$root/build/e2e-installed/ansible_collections/tenantry/platform

# Of the demo alone: other tests may run on the same engine.
containers() {
  for tenant in "$TENANTRY_DEMO_STATE"/tenants/*; do
    docker ps -aq --no-trunc --filter "label=tenantry.tenant=${tenant##*/}"
  done | sort | xargs -r docker inspect -f '{{.Id}} {{.State.StartedAt}}'
}

echo "== the demo, from the installed copy"
python3 "$installed/tests/tools/demo.py" up
containers >build/e2e-before
echo "== the demo again: nothing is to be done"
python3 "$installed/tests/tools/demo.py" up >build/e2e-again.log 2>&1 || { cat build/e2e-again.log; exit 1; }
grep -q 'Nothing is to be done on the nodes.' build/e2e-again.log || { cat build/e2e-again.log; exit 1; }
containers >build/e2e-after
cmp build/e2e-before build/e2e-after
if grep -E 'changed=[1-9]' build/e2e-again.log; then echo "the second run changed something" >&2; exit 1; fi

code=0
python3 -m pytest -p no:cacheprovider -p no:ansible -v --no-header --tb=short --durations=10 "$@" || code=$?
[ "$mine" = no ] || python3 "$installed/tests/tools/demo.py" clean $keep
exit "$code"
