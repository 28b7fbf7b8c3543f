#!/bin/bash
# Powers the box off when its time is over and the guard itself does not run, as with a broken Python: the guard has left
# the uptime at which it would. systemd calls this whenever the guard ends.
root=${RUNCTL_ROOT:-}
read -r up _ <"$root/proc/uptime"
for place in run var/lib; do
  if read -r at <"$root/$place/runctl/power-off-at"; then
    ((${up%%.*} < at)) || systemctl poweroff || [[ $(systemctl is-system-running) == stopping ]] ||
      systemctl poweroff --force --force
    exit 0
  fi 2>/dev/null
done
