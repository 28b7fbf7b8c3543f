#!/bin/bash
# The on-box runner. "train" runs the command and tells S3 how it ended; "ended", called by systemd after it, tells S3
# when the runner itself was killed; "guard", called every minute, powers the box off when everything that should have
# ended it before did not.
set -u

root=${RUNCTL_ROOT:-}
metadata_service=${RUNCTL_METADATA_SERVICE:-http://169.254.169.254}
state=$root/var/lib/runctl
unmarked_since=$root/run/runctl/unmarked-since # gone after a reboot
# shellcheck source=/dev/null
source "$root/etc/runctl/settings"
mkdir -p "$state" "${unmarked_since%/*}"
export RUNCTL_CHECKPOINT_MANIFEST=$state/checkpoint.json

upload_seconds=300
hold_margin_seconds=1200
max_hold_seconds=604800

say() {
  echo "runctl: $*"
}

# Prints what the metadata service tells; returns 4 when there is no such thing, 1 when nobody answers.
metadata() {
  local token answer
  token=$(curl -sf -m 2 --retry 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    "$metadata_service/latest/api/token") || return 1
  answer=$(curl -s -m 2 --retry 2 -w '\n%{http_code}' -H "X-aws-ec2-metadata-token: $token" \
    "$metadata_service/latest/meta-data/$1") || return 1
  case ${answer##*$'\n'} in
    200) printf '%s' "${answer%$'\n'*}" ;;
    404) return 4 ;;
    *) return 1 ;;
  esac
}

# The value of the instance's tag runctl:$1, empty when there is none; as it was last seen when nobody answers.
# Tags, and not this file, hold what may change while the training runs: changed user data means another instance.
tag() {
  local value status=0
  value=$(metadata "tags/instance/runctl:$1") || status=$?
  case $status in
    0) printf '%s' "$value" >"$state/tag-$1" ;;
    4) rm -f "$state/tag-$1" ;;
  esac
  cat "$state/tag-$1" 2>/dev/null
}

remember_tags() {
  local name
  for name in success-marker failure-marker shutdown-timeout-seconds; do tag "$name" >/dev/null; done
}

seconds_tag() {
  local value
  value=$(tag "$1")
  if [[ $value =~ ^[0-9]{1,9}$ ]]; then echo $((10#$value)); else echo "${2:-}"; fi
}

upload() { # FILE KEY CONTENT-TYPE
  timeout "$upload_seconds" aws s3 cp --only-show-errors --content-type "$3" "$1" "s3://$RUNCTL_BUCKET/$RUNCTL_PREFIX$2"
}

# A sleep that a signal cuts short.
pause() {
  sleep "$1" &
  wait $!
}

interrupted=
training=

# Passes SIGTERM on to every process of the command but tee, which ends with its input: killed first, it would break
# the pipe of a training that prints while it saves.
interrupt() {
  local process
  interrupted=yes
  [[ -n $training ]] || return
  for process in $(pgrep -s "$training"); do
    grep -qsx tee "/proc/$process/comm" || kill -TERM "$process" 2>/dev/null
  done
}

# The command runs in a session of its own, by which all its processes are found.
run_command() {
  local output
  date -u +training-%Y%m%dT%H%M%SZ.log >"$state/log-name"
  rm -f "$RUNCTL_CHECKPOINT_MANIFEST"
  exec {output}> >(exec tee "$state/training.log")
  local tee=$!
  # shellcheck disable=SC2016  # the inner shell expands them
  setsid bash -lc 'source "$0"; exec bash "$1"' "$root/etc/runctl/environment" "$root/etc/runctl/command" \
    >&"$output" 2>&1 {output}>&- &
  training=$!
  [[ -z $interrupted ]] || interrupt
  exec {output}>&-
  wait "$training"
  exit_code=$?
  [[ -z $interrupted ]] || await_end_of_interrupted
  training=
  await_output "$tee"
}

await_end_of_interrupted() {
  local give_up=$((SECONDS + $(seconds_tag shutdown-timeout-seconds 120)))
  while pgrep -s "$training" >/dev/null; do
    if ((SECONDS >= give_up)); then
      say "still running after SIGTERM: killed"
      pkill -KILL -s "$training"
      return
    fi
    sleep 0.2
  done
}

# What the command left in the background may hold its output open for ever.
await_output() {
  local attempt
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep "0.$attempt"
  done
}

write_marker() {
  python3 -I - "$exit_code" "$state/training.log" "$RUNCTL_CHECKPOINT_MANIFEST" >"$state/marker.new" <<'PYTHON' ||
import json, os, sys

def last_words(path):
    with open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - 4096))
        lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")[:200]

def manifest(path):
    with open(path) as entries:
        checkpoint = [{"key": str(entry["key"]), "size": int(entry["size"])} for entry in json.load(entries)]
    if any(not entry["key"] or entry["size"] < 0 for entry in checkpoint):
        raise ValueError("a key that is empty or a size below 0")
    if len(json.dumps(checkpoint)) > 60_000:
        raise ValueError("longer than the 64 KiB that the monitor reads")
    return checkpoint

exit_code = int(sys.argv[1])
marker = {"outcome": "failed" if exit_code else "succeeded", "exit_code": exit_code}
if exit_code:
    marker["message"] = last_words(sys.argv[2])
if os.path.exists(sys.argv[3]):
    try:
        marker["checkpoint"] = manifest(sys.argv[3])
    except (LookupError, OSError, TypeError, ValueError) as error:
        print("runctl: checkpoint manifest left out:", repr(error), file=sys.stderr)
print(json.dumps(marker))
PYTHON
    printf '{"exit_code": %d}' "$exit_code" >"$state/marker.new"
  mv "$state/marker.new" "$state/marker.json"
}

upload_log() {
  local delay
  for delay in 2 8 0; do
    upload "$state/training.log" "runctl/$(cat "$state/log-name")" text/plain && return
    [[ -z $interrupted ]] || break
    pause "$delay"
  done
  say "log not uploaded; it is in $state/training.log"
}

upload_marker() {
  local name default delay=2
  if ((exit_code)); then
    name=$(tag failure-marker) default=training_failed.txt
  else
    name=$(tag success-marker) default=training_complete.txt
  fi
  name=${name:-$default}
  date +%s >"$unmarked_since"
  until upload "$state/marker.json" "$name" application/json; do
    [[ -z $interrupted ]] || return
    say "marker $name not written, next attempt in $delay s"
    pause "$delay"
    delay=$((delay < 30 ? delay * 2 : 60))
  done
  rm -f "$unmarked_since"
  touch "$state/finished"
  say "marker $name written, exit code $exit_code"
}

train() {
  exit_code=0
  if [[ -e $state/finished ]]; then
    say "finished in an earlier boot; remove $state/finished and $state/marker.json to train again"
    return
  fi
  trap interrupt TERM
  remember_tags
  if [[ -e $state/marker.json ]]; then
    exit_code=$(cat "$state/exit-code")
  else
    run_command
    if [[ -n $interrupted ]]; then
      say "interrupted: no marker, the next boot trains again"
      upload_seconds=60
      upload_log
      return
    fi
    echo "$exit_code" >"$state/exit-code"
    write_marker
  fi
  upload_log
  upload_marker
  return "$exit_code"
}

# Without its runner nobody tells how the training ended, and systemd has killed what the runner left. A stop that was
# asked for is "success", or "timeout" when it took too long: after these the next boot trains again.
ended() {
  local signal
  case ${SERVICE_RESULT:-success} in success | exit-code | timeout) return ;; esac
  [[ ! -e $state/finished && ! -e $state/marker.json ]] || return 0
  signal=$(kill -l "${EXIT_STATUS:-}" 2>/dev/null)
  if [[ $signal =~ ^[0-9]+$ ]]; then exit_code=$((128 + signal)); else exit_code=137; fi
  echo >>"$state/training.log"
  say "the runner was killed: $SERVICE_RESULT ${EXIT_STATUS:-}" | tee -a "$state/training.log"
  echo "$exit_code" >"$state/exit-code"
  write_marker
  upload_log
  upload_marker
}

# Prints the epoch until which somebody asked for time; 0 when nobody did, or not in a way that the monitor accepts.
hold_until() {
  local value until
  value=$(tag hold-until)
  if [[ $value =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$ ]] && until=$(date -u -d "$value" +%s) &&
    ((until <= $(date +%s) + max_hold_seconds)); then
    echo "$until"
  else
    echo 0
  fi
}

power_off_when() { # EPOCH REASON
  if (($(date +%s) >= ($1 > earliest ? $1 : earliest))); then
    say "$2: powering off"
    systemctl poweroff
    exit
  fi
}

guard() {
  local earliest limit uptime
  earliest=$(hold_until)
  ((earliest == 0)) || earliest=$((earliest + hold_margin_seconds))
  limit=$(seconds_tag power-off-after-seconds)
  uptime=$(cut -d . -f 1 "$root/proc/uptime")
  [[ -z $limit ]] || power_off_when $(($(date +%s) - uptime + limit)) "up for $uptime s, the limit is $limit s"
  limit=$(seconds_tag power-off-unmarked-seconds)
  if [[ -n $limit && -e $unmarked_since ]]; then
    power_off_when $(($(cat "$unmarked_since") + limit)) "marker not written for $limit s"
  fi
}

# An image made of a box remembers what that box did: what it left behind must not stop or start anything here.
# User data, which runs once per instance, begins anew.
is_of_this_instance() {
  local id
  id=$(metadata instance-id) || return 0
  [[ -s $state/instance-id ]] || echo "$id" >"$state/instance-id"
  [[ $id == "$(cat "$state/instance-id")" ]]
}

if is_of_this_instance; then "$1"; else say "set up on another instance: left alone"; fi
