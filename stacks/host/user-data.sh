# Runs once, by cloud-init, after the machine's settings were written: takes the host's fixed address, fetches the host's files
# and hands over to them. It makes do with what Debian's image has.
set -euo pipefail
set -a
# shellcheck source=/dev/null
. /etc/fines/boot.env
set +a

imds() {
  local token
  token=$(curl -sf -m 5 --retry 5 --retry-all-errors -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
  curl -sf -m 5 --retry 5 --retry-all-errors -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}

# ask SERVICE CURL'S WORDS…: a call of AWS, signed by curl with the credentials of the machine's role, which no command line shows.
ask() {
  local service=$1 role
  shift
  role=$(imds iam/security-credentials/)
  imds "iam/security-credentials/$role" | python3 -c 'import json, sys
role = json.load(sys.stdin)
print("user = \"%(AccessKeyId)s:%(SecretAccessKey)s\"\nheader = \"x-amz-security-token: %(Token)s\"" % role)' \
    | curl -sS -m 20 --connect-timeout 5 --retry 5 --fail-with-body --aws-sigv4 "aws:amz:$FINES_REGION:$service" --config - "$@"
}

# Without this, a stack and a group would wait their whole patience for a machine that gave up in its first minute.
at_exit() {
  [[ $? -ne 0 ]] || return 0
  echo "user data failed: this host does not serve" >&2
  ask cloudformation --data Action=SignalResource --data Version=2010-05-15 --data Status=FAILURE --data "UniqueId=${id:-unknown}" \
    --data "StackName=$FINES_STACK" --data "LogicalResourceId=$FINES_GROUP_LOGICAL_ID" "https://cloudformation.$FINES_REGION.amazonaws.com/" || true
  [[ -z ${FINES_SERVING_HOOK_NAME:-} ]] || ask autoscaling --data Action=CompleteLifecycleAction --data Version=2011-01-01 --data LifecycleActionResult=ABANDON \
    --data "InstanceId=${id:-unknown}" --data "AutoScalingGroupName=$FINES_GROUP_NAME" --data "LifecycleHookName=$FINES_SERVING_HOOK_NAME" \
    "https://autoscaling.$FINES_REGION.amazonaws.com/" || true
}
trap at_exit EXIT

id=$(imds instance-id)
# Before anything downloads, since connections under the passing address of the launch end here; unless a host that stops has it.
# Machines behind a load balancer have no fixed address.
[[ -z ${FINES_ADDRESS_ALLOCATION:-} ]] || ask ec2 --data Action=AssociateAddress --data Version=2016-11-15 --data AllowReassociation=false --data "InstanceId=$id" \
  --data "AllocationId=$FINES_ADDRESS_ALLOCATION" "https://ec2.$FINES_REGION.amazonaws.com/" || echo "the address comes later" >&2
asset=${FINES_HOST_ASSET#s3://}
install -d /opt/fines
ask s3 --retry-all-errors --output /opt/fines/host.zip "https://${asset%%/*}.s3.$FINES_REGION.amazonaws.com/${asset#*/}"
python3 -m zipfile -e /opt/fines/host.zip /opt/fines/host
chmod -R +x /opt/fines/host/boot /opt/fines/host/bin /opt/fines/host/steps
if ! /opt/fines/host/boot; then
  # It tells the stack itself how it went, once it has the means to.
  [[ ! -e /run/fines/boot/told ]] || trap - EXIT
  exit 1
fi
