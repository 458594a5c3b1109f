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
set -a
# shellcheck source=stacks/host/aws.env
. "$HOST_FILES/aws.env"
set +a

# newest CONDITION FILTER: what a jq filter says of the newest backup that fulfils a condition, out of pgBackRest's info on standard input;
# nothing if there is none. Backups of a database that was here before, and given up, do not count.
newest() { jq -r "[.[] | (.db | map(.id) | max) as \$now | .backup[] | select(.database.id == \$now and ($1))] | max_by(.timestamp.stop) // empty | $2"; }

log() { printf '%s\n' "$*" >&2; }

# imds PATH: what the instance metadata service (version 2) says under PATH.
imds() {
  local token
  token=$(curl -sf -m 5 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
  curl -sf -m 5 --retry 3 -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/$1"
}

# call SERVICE OPERATION WORD…: one call of AWS; the words are those of bin/call. The AWS CLI, which starts slowly, is for what comes later.
call() { "$HOST_FILES/bin/call" "$@"; }

instance_id() { imds meta-data/instance-id; }

# eventually SECONDS COMMAND…: repeats the command until it succeeds; fails with it when time is up. PACE: seconds between tries.
eventually() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < until)) || return 1
    sleep "${PACE:-0.2}"
  done
}

# metric NAME VALUE: one point of the host's own metrics; who cannot send it says so and goes on.
metric() {
  call cloudwatch put-metric-data Namespace="$FINES_METRIC_NAMESPACE" MetricData:="[{\"MetricName\": \"$1\", \"Value\": $2}]" > /dev/null \
    || log "the metric $1=$2 could not be sent"
}

# place SOURCE TARGET [MODE]: copies a file of ours into the system; succeeds only if that changed something.
place() {
  cmp -s "$1" "$2" && return 1
  install -D -m "${3:-644}" "$1" "$2"
}

# install_packages PACKAGE…: those that are not there yet; nothing of them starts before it is configured.
# A host that loses power while it is made is made anew, so nothing is gained by syncing each file; and systemd reads a
# unit when it is asked for it (SYSTEMD_OFFLINE: systemctl neither starts nor reloads anything), not all after each package.
install_packages() {
  ! are_installed "$@" || return 0
  export DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1
  settle 300
  apt-get install -q --yes --no-install-recommends -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-unsafe-io "$@"
  unset SYSTEMD_OFFLINE
}

# settle SECONDS: configures what a machine that went down left half installed, once whoever else installs something has ended; apt
# waits for dpkg's lock by itself, dpkg does not.
settle() {
  local said until=$((SECONDS + $1))
  until said=$(dpkg --configure -a --force-unsafe-io 2>&1); do
    [[ $said == *"lock was locked"* && $SECONDS -lt $until ]] || { log "$said"; return 1; }
    sleep 1
  done
}

are_installed() { [[ $(dpkg-query -W -f '${Status}\n' "$@" 2> /dev/null | grep -cx 'install ok installed') == "$#" ]]; }

# at_boots_word UNIT…: at the machine's next start too, boot starts these once the volume is there.
at_boots_word() { SYSTEMD_OFFLINE=1 systemctl disable -q "$@" 2> /dev/null || true; }

# The setting `restore` is for once: an object of the backup bucket says that it was heeded for this volume.
filled_key() { echo "filled/$FINES_VOLUME_ID"; }
mark_filled() { call s3 put-object Bucket="$FINES_BACKUP_BUCKET" Key="$(filled_key)" > /dev/null; }

# lasting: what was written to the data volume is there after a loss of power, too.
lasting() { sync -f "$DATA"; }

# is_a_copy: the data volume was filled from a snapshot of another one, and its database has not gone on from there yet.
is_a_copy() {
  local of=$DATA/postgresql/volume # the volume on which the database ran last
  if [[ -s $of ]]; then
    [[ $(< "$of") != "$FINES_VOLUME_ID" ]]
  else # it ran under files that did not write it down
    [[ -s /run/fines/snapshot && -s $DATA/postgresql/17/main/PG_VERSION ]]
  fi
}

# is_pair FOLDER: it has a certificate and the key that belongs to it, both whole.
is_pair() {
  local public
  public=$(openssl pkey -in "$1/privkey.pem" -pubout 2> /dev/null) && [[ -n $public ]] \
    && [[ $public == "$(openssl x509 -in "$1/fullchain.pem" -noout -pubkey 2> /dev/null)" ]]
}

# take_certificate FOLDER: its key and certificate become those of NGINX, at its next reload.
take_certificate() {
  local live=$DATA/certificates
  install -m 600 "$1/privkey.pem" "$live/privkey.new"
  install -m 644 "$1/fullchain.pem" "$live/fullchain.new"
  lasting
  mv "$live/privkey.new" "$live/privkey.pem"
  mv "$live/fullchain.new" "$live/fullchain.pem"
  lasting
}
