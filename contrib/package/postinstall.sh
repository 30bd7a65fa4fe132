#!/bin/sh
# After the files are in place: "configure" (deb), 1 or 2 (rpm: installed, upgraded).
set -e
case "$1" in configure | 1 | 2) ;; *) exit 0 ;; esac

if ! getent passwd muster >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/muster --shell /usr/sbin/nologin muster
fi
chgrp muster /etc/muster.d /etc/muster.d/muster.json
install -d -o muster -g muster -m 0700 /var/lib/muster

# It is not started by itself: it would not know yet whom to join. One that runs gets the new program.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart muster.service
fi
