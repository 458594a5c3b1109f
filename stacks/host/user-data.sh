# Runs once, by cloud-init, after the machine's settings were written: fetches the host's files and hands over to them.
set -euo pipefail
set -a
# shellcheck source=/dev/null
. /etc/fines/boot.env
set +a
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q --yes --no-install-recommends -o Dpkg::Options::=--force-unsafe-io awscli unzip
install -d /opt/fines
aws s3 cp --only-show-errors "$FINES_HOST_ASSET" /opt/fines/host.zip
unzip -q -o /opt/fines/host.zip -d /opt/fines/host
exec /bin/bash /opt/fines/host/boot
