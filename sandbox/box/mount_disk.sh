#!/bin/sh
# Mounts the disk of a box over its root, for a command in this mount namespace: FOLDER of the box, ROOT with layers
# before it, COMMAND...
# The first time, the files that the image has besides are put on it.
set -eu
folder=$1 root=$2
shift 2
mount -o loop "$folder/disk.xfs" "$folder/disk"
if [ ! -d "$folder/disk/upper" ]; then
  mkdir "$folder/disk/work"
  cp -R "$folder/files" "$folder/disk/upper"
fi
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/disk/upper,workdir=$folder/disk/work" "$folder/merged"
exec "$@"
