#!/bin/bash
install -d -m 0755 /etc/fines
cat > /etc/fines/boot.env << 'SETTINGS'
FINES_STACK='fines-dev-single'
FINES_STAGE='dev'
FINES_TIER='single'
FINES_REGION='us-east-1'
AWS_DEFAULT_REGION='us-east-1'
FINES_DOMAIN='fines.example'
FINES_TIMEZONE='UTC'
FINES_HOST_ASSET='s3://cdk-hnb659fds-assets-${AWS::AccountId}-us-east-1/<HostFiles>.zip'
FINES_VOLUME_ID='${DataGeneration1C12FA782}'
FINES_ADDRESS_ALLOCATION='${NetworkAddressFA8F1C7D.AllocationId}'
FINES_ADDRESS='${NetworkAddressFA8F1C7D}'
FINES_RELEASE_PARAMETER='${ReleaseParameter2F09585D}'
FINES_SECRET_ARN='${SecretA29EB826}'
FINES_BACKUP_BUCKET='${BucketsBackups18324FCD}'
FINES_MEDIA_BUCKET='${BucketsMedia5BAFF3AF}'
FINES_APP_ROLE_ARN='${RolesAppB6183160.Arn}'
FINES_GROUP_LOGICAL_ID='HostGroup'
FINES_GROUP_NAME='fines-dev-single'
FINES_HOOK_NAME='stop-cleanly'
FINES_DS_PARAMETER='/fines/fines-dev-single/ds-record'
FINES_BACKUP_DAYS='35'
FINES_RESTORE=''
FINES_EXTRA_RECORDS='[]'
FINES_DNS_SECONDARIES='[]'
FINES_ACME_DIRECTORY='https://acme-v02.api.letsencrypt.org/directory'
FINES_ALARM_EMAIL=''
FINES_LOG_GROUP_PREFIX='/fines/dev/single'
FINES_METRIC_NAMESPACE='Fines/fines-dev-single'
FINES_RATE_TOKEN_PER_MINUTE='300'
FINES_RATE_REPORT_PER_MINUTE='60'
FINES_RATE_LOGIN_PER_MINUTE='10'
SETTINGS
chmod 0644 /etc/fines/boot.env
# Runs once, by cloud-init, after the machine's settings were written: fetches the host's files and hands over to them.
set -euo pipefail
set -a
# shellcheck source=/dev/null
. /etc/fines/boot.env
set +a
export DEBIAN_FRONTEND=noninteractive

# Without this, a stack would wait its whole patience for a machine that gave up in its first minute.
give_up() {
  echo "user data failed in line $1" >&2
  command -v aws > /dev/null || exit 1
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  id=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
  aws cloudformation signal-resource --stack-name "$FINES_STACK" --logical-resource-id "$FINES_GROUP_LOGICAL_ID" \
    --unique-id "$id" --status FAILURE || true
  exit 1
}
trap 'give_up $LINENO' ERR

# Debian's own daily upgrade likes to begin with the machine, and holds apt's locks then.
systemctl stop apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service 2> /dev/null || true
for try in 1 2 3 4 5; do
  if apt-get update -q -o Acquire::Retries=3; then break; fi
  echo "apt-get update failed, try $try of 5" >&2
  sleep 5
done
# podman is among the first so that the service's image comes while the rest is installed. A host that loses power while it
# is made is made anew, so nothing is gained by syncing each file.
apt-get install -q --yes --no-install-recommends -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 \
  -o Dpkg::Options::=--force-unsafe-io awscli unzip jq podman netavark aardvark-dns
install -d /opt/fines
aws s3 cp --only-show-errors "$FINES_HOST_ASSET" /opt/fines/host.zip
unzip -q -o /opt/fines/host.zip -d /opt/fines/host
exec /bin/bash /opt/fines/host/boot
