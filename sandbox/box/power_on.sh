#!/bin/sh
# Boots a box from where its disk is mounted, as the first process of namespaces for processes and mounts: when it is
# killed, all processes, mounts and the loop device are gone. UPTIME in seconds; control groups to enter; "--"; the
# command of nspawn.
set -eu
uptime=$1
shift
while [ "$1" != -- ]; do
  echo 0 >"$1/cgroup.procs"
  shift
done
shift
# nspawn leaves its folders and locks here.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
# Each boot has a clock of its own for the time since then. nspawn ends with 133 where systemd would have to start it
# again, which is a reboot.
status=133
while [ "$status" -eq 133 ]; do
  status=0
  read -r here _ </proc/uptime
  unshare --time --boottime="$((uptime - ${here%.*}))" "$@" || status=$?
  uptime=0
done
exit "$status"
