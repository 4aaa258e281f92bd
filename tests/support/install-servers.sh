#!/bin/sh
# Install the real servers the suite talks to, where this account may; otherwise say what will be left out.
set -u
PATH="$PATH:/usr/local/sbin:/usr/sbin" # where Debian keeps servers, and an ordinary account does not look
missing=""
for pair in mosquitto:mosquitto mosquitto_pub:mosquitto-clients victoria-metrics:victoria-metrics chromium:chromium; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then run=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run="sudo -n"
else run="none"
fi

if [ "$run" != none ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing the servers the tests talk to:$missing"
  export DEBIAN_FRONTEND=noninteractive
  $run apt-get update -qq >/dev/null 2>&1
  for package in $missing; do
    # policy-rc.d semantics: installing must not leave a system broker running on the default port
    $run env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
      echo "could not install $package: its tests will be left out"
  done
else
  echo "not allowed to install packages: tests needing$missing will be left out (install them to run all)"
fi
exit 0
