# Sourced by boot, its steps and the programs in bin: the machine's settings and a few verbs.
# shellcheck shell=bash
set -a
# shellcheck source=/dev/null
. /etc/fines/boot.env
set +a
# For those who source this.
export HOST_FILES=/opt/fines/host
export DATA=/srv/fines
export SECRETS=/run/fines/secrets

log() { printf '%s\n' "$*" >&2; }

# imds PATH: what the instance metadata service (version 2) says under PATH.
imds() {
  local token
  token=$(curl -sf -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
  curl -sf -m 5 -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/$1"
}

instance_id() { imds meta-data/instance-id; }

# eventually SECONDS COMMAND…: repeats the command until it succeeds; fails with it when time is up.
eventually() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < until)) || return 1
    sleep 1
  done
}
