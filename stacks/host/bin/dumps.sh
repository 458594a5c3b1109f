# Sourced by the programs about dumps: who asks AWS and the database for them, and what the bucket holds.
# shellcheck shell=bash
# shellcheck source=stacks/host/lib.sh
. /opt/fines/host/lib.sh
export AWS_CONFIG_FILE=/etc/fines/aws-dumps

# keeper WORDS…: a call of AWS by the role that keeps the dumps.
keeper() { aws --profile dumps "$@"; }

# keys FOLDER: what lies in it, as JSON: a list of [when it came, key]. Who cannot ask must not take silence for an answer, and ends
# with what is a failure to systemd's ExecCondition, too.
keys() {
  keeper s3api list-objects-v2 --bucket "$FINES_BACKUP_BUCKET" --prefix "$1" --query 'Contents[].[LastModified,Key]' --output json \
    || { log "the bucket $FINES_BACKUP_BUCKET cannot be listed"; exit 255; }
}

# newest_in FOLDER: the key of what came last; nothing if there is none.
newest_in() {
  local found
  found=$(keys "$1/") || exit 255
  jq -r '(. // []) | max // empty | .[1]' <<< "$found"
}

is_there() {
  local found
  found=$(keys "$1") || exit 255
  jq -e --arg key "$1" 'any((. // [])[]; .[1] == $key)' <<< "$found" > /dev/null
}

# fact KEY NAME: what is written on an object: moment (of its snapshot, in seconds since 1970), size (of the database, in bytes), sums (their key).
fact() { keeper s3api head-object --bucket "$FINES_BACKUP_BUCKET" --key "$1" --query "Metadata.$2" --output text; }

# log_in SECRET: who psql, pg_dump and pg_restore are to the database; the secret is JSON with username and password.
log_in() {
  PGUSER=$(jq -er .username <<< "$1")
  PGPASSWORD=$(jq -er .password <<< "$1")
  export PGUSER PGPASSWORD PGHOST=$FINES_DATABASE_HOST PGDATABASE=$FINES_DATABASE_NAME PGCONNECT_TIMEOUT=10 PGAPPNAME=fines-dumps
  export PGSSLMODE=verify-full PGSSLROOTCERT=/etc/fines/rds/authorities.pem
}
