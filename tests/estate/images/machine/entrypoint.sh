#!/usr/bin/env bash
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prepares the kernel's view so that an engine can be installed later, then runs sshd in the foreground.
# AUTHORIZED_KEY or the file /etc/tenantry-authorized-keys: who may log in as root and as admin (sudo without password).
# REGISTRY_FORWARD=<port>:<host>:<port>: makes a registry elsewhere answer on 127.0.0.1:<port> in this machine.
set -euo pipefail

prepare_kernel_view() {
    # cgroup v1 mounts are read-only in a container; a plain remount,rw silently does nothing, only bind works.
    # Here, and not in an image layer, because a restarted container has lost it.
    while read -r mountpoint; do
        mount -o remount,bind,rw "$mountpoint" 2>/dev/null \
            || echo "machine: cannot remount $mountpoint: an engine will not start here, check the capabilities" >&2
    done < <(awk '$5 ~ "^/sys/fs/cgroup" {print $5}' /proc/self/mountinfo)
    mount --make-rshared / 2>/dev/null || echo "machine: cannot make / shared: check the capabilities" >&2
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
        # cgroup v2 gives controllers to children only from a group without processes of its own.
        mkdir -p /sys/fs/cgroup/init
        xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
        sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control \
            || echo "machine: cannot hand on the cgroup controllers: limits will not work in an engine here" >&2
    fi
}

authorize() {
    local user=$1 home=$2
    install -d -o "$user" -g "$user" -m 0700 "$home/.ssh"
    {
        printf '%s\n' "${AUTHORIZED_KEY:-}"
        cat /etc/tenantry-authorized-keys 2>/dev/null || true
    } | sed '/^$/d' >"$home/.ssh/authorized_keys"
    chown "$user:$user" "$home/.ssh/authorized_keys"
    chmod 0600 "$home/.ssh/authorized_keys"
}

prepare_kernel_view
authorize root /root
authorize admin /home/admin
ssh-keygen -A >/dev/null
mkdir -p /run/sshd
if [ -n "${REGISTRY_FORWARD:-}" ]; then
    socat "TCP-LISTEN:${REGISTRY_FORWARD%%:*},bind=127.0.0.1,fork,reuseaddr" "TCP:${REGISTRY_FORWARD#*:}" &
fi
exec /usr/sbin/sshd -D -e
