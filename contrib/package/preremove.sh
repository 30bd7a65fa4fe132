#!/bin/sh
# Before the files go: "remove" (deb) or 0 (rpm). Anything else is an upgrade, which restarts afterwards.
set -e
case "$1" in remove | 0) ;; *) exit 0 ;; esac
if [ -d /run/systemd/system ]; then
  systemctl disable --now muster-dns.socket muster.service
fi
