#!/bin/sh
# After the files are gone: "remove", "upgrade" or "purge" (deb), 0 or 1 (rpm). The state stays
# unless it is purged. The user stays in any case: files elsewhere may be its own.
set -e
if [ "$1" = purge ]; then
  rm -rf /var/lib/muster
fi
case "$1" in
remove | purge | 0)
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
  fi
  ;;
esac
