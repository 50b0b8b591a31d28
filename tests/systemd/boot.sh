#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Become a systemd that owns this machine's files and nothing else: `unshare --mount --pid --fork … boot.sh CGROUP DIRECTORY…`.
# It sees no unit of the machine, but its engine, and what it writes below /etc, /home, /run, /usr/local and /var/lib is gone with it.
# DIRECTORY is made passable for every user: an interpreter may lie in root's home.
set -eu
cgroup=$1
shift
mount --make-rprivate /

# Its cgroups lie below one of our own, so that they can be removed.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e "$hierarchy/cgroup.procs" ]; then
    mkdir -p "$hierarchy/$cgroup"
    echo 0 >"$hierarchy/$cgroup/cgroup.procs"
  fi
done

scratch=/mnt
mount -t tmpfs tmpfs "$scratch"
over() {
  upper=$scratch/$(echo "$1" | tr / _)
  mkdir -p "$upper/new" "$upper/work"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$upper/new,workdir=$upper/work" "$1"
}
for directory in /etc /usr/local /var/lib; do
  over "$directory"
done
for directory; do
  over "$directory"
  chmod a+x "$directory"
done
mount -t tmpfs -o mode=755 tmpfs /home

mkdir "$scratch/units" "$scratch/generators"
for name in basic local-fs network-online shutdown sysinit time-set time-sync timers; do
  printf '[Unit]\nDescription=%s\n' "$name" >"$scratch/units/$name.target"
done
mount --bind "$scratch/units" /lib/systemd/system
mount --bind "$scratch/generators" /lib/systemd/system-generators
mount -t tmpfs tmpfs /etc/systemd/system
socket=/run/docker.sock
if [ -S "$socket" ]; then
  : >"$scratch/engine"
  mount --bind "$socket" "$scratch/engine"
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd /run/lock
if [ -e "$scratch/engine" ]; then
  : >"$socket"
  mount --bind "$scratch/engine" "$socket"
fi
exec env -i container=tenantry-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=timers.target --log-target=console --show-status=no
