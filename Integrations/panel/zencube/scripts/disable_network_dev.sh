#!/bin/bash
# ZenCube's scripts/disable_network_dev.sh on nonet: disable_network_dev.sh COMMAND [ARG...]
# Runs COMMAND without network, with 127.0.0.1 of its own where this machine can make one. What it prints goes on
# as it is, and into monitor/logs/ too. The status is the command's; 64 where there is none, 125 where nonet failed.
set -u

if [ $# -eq 0 ]; then
  echo "usage: ${0##*/} COMMAND [ARG...]" >&2
  exit 64
fi

case ${NONET:-} in
  /*) nonet=$NONET ;;
  *) nonet=${NONET_PROGRAM:-$(command -v nonet)} ;;
esac
if [ ! -x "${nonet:-}" ]; then
  echo 'disable_network_dev: nonet was not found, and the command was not run' >&2
  exit 125
fi

logs=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)/monitor/logs
mkdir -p -- "$logs" || exit 125
log=$logs/net_namespace_$(date -u +%Y%m%dT%H%M%SZ)_$$.log
printf '[disable_network_dev] command:%s\n' "$(printf ' %q' "$@")" > "$log" || exit 125
echo "[disable_network_dev] log: $log"

policy=default
! "$nonet" -q --policy loopback --backend seccomp -- true 2> /dev/null || policy=loopback

# Both streams stay apart. The command gets none of the descriptors that are used for it.
exec 3>&1 4>&2
exec 5> >(exec tee -a -- "$log" >&3 3>&- 4>&-)
out=$!
exec 6> >(exec tee -a -- "$log" >&4 3>&- 4>&- 5>&-)
err=$!
"$nonet" -q --policy "$policy" --backend seccomp -- "$@" >&5 2>&6 3>&- 4>&- 5>&- 6>&-
status=$?
exec 5>&- 6>&-
wait "$out" "$err"
exit "$status"
