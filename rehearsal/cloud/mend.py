"""Answers of MiniStack's that differ from AWS's in a way that matters here, set right."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ec2, ecr, s3, secretsmanager, sns
from ministack.services.cloudformation import provisioners, stacks, wait_conditions

from rehearsal.cloud import buckets, groups
from rehearsal.cloud.policies import Properties, stacks_of


def mend() -> None:
    """Wraps the handlers; to be called before MiniStack serves."""
    _an_image_that_is_not_there_is_an_error()
    _a_launch_template_goes_back_to_its_version()
    buckets.keep_configurations()
    groups.keep_maintenance_policies()
    groups.keep_arns_of_policies()
    _aws_kms_without_a_key_means_the_accounts_own()
    _a_generated_secret_heeds_its_settings()
    _a_secrets_id_is_its_arn()
    _each_signal_that_ends_a_wait_is_an_event()
    _a_subscription_tells_what_it_is()
    _a_flow_log_tells_where_it_writes_and_by_which_role()
    _lifecycle_policies_can_be_read()


def _an_image_that_is_not_there_is_an_error() -> None:
    """The CDK CLI takes an answer without error as a sign that the image was published already, and skips it."""
    plain = ecr._describe_images

    def describe(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        if name in ecr._repositories:
            for id in data.get("imageIds") or []:
                if not ecr._find_image(name, id):
                    message = f"The image with imageId {id} does not exist within the repository with name '{name}'"
                    return error_response_json("ImageNotFoundException", message, 400)
        return plain(data)

    ecr._describe_images = describe


def _a_launch_template_goes_back_to_its_version() -> None:
    """MiniStack's rollback adds a version, which the next update gives the group, whose machines it then replaces.

    AWS's adds one too, of the content before; but what nobody changes in the template is not updated there.
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::EC2::LaunchTemplate"]
    plain = handlers["update"]

    def update(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        template = ec2._launch_templates.get(id)
        goes_back = any("ROLLBACK" in each["StackStatus"] for each in stacks_of(stack))
        if template is None or not goes_back or len(template["Versions"]) < 2:
            return plain(id, old, new, stack, logical_id)
        template["Versions"].pop()
        template["LatestVersionNumber"] = int(template["LatestVersionNumber"]) - 1
        same = ("LaunchTemplateId", "LaunchTemplateName")
        versions = ("DefaultVersionNumber", "LatestVersionNumber")
        return id, {key: template[key] for key in same} | {key: str(template[key]) for key in versions}

    handlers["update"] = update


def _aws_kms_without_a_key_means_the_accounts_own() -> None:
    """On AWS a write with aws:kms and no key takes the account's key aws/s3; MiniStack has none and refuses."""
    plain = s3._resolve_sse_write_headers
    key = "x-amz-server-side-encryption-aws-kms-key-id"

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get("x-amz-server-side-encryption") == "aws:kms" and not headers.get(key):
            headers = {**headers, key: f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"}
        return plain(headers, bucket_name)

    s3._resolve_sse_write_headers = resolve


def _a_generated_secret_heeds_its_settings() -> None:
    """MiniStack's generator knows the length and the excluded characters only, and is no generator for secrets.

    Its GetRandomPassword, which CloudFormation calls on AWS, knows them all.
    """
    plain = provisioners._sm_secret_string

    def generated(properties: Properties) -> str:
        settings = properties.get("GenerateSecretString")
        if settings is None or properties.get("SecretString"):
            return str(plain(properties))
        data = {key: _typed(value) for key, value in settings.items()}
        status, _, body = secretsmanager._get_random_password(data)
        answer = json.loads(body)
        if status != 200:
            raise ValueError(f"AWS::SecretsManager::Secret: {answer.get('message') or answer}")
        if "GenerateStringKey" not in settings:
            return str(answer["RandomPassword"])
        return json.dumps(
            json.loads(settings["SecretStringTemplate"]) | {settings["GenerateStringKey"]: answer["RandomPassword"]}
        )

    provisioners._sm_secret_string = generated


def _typed(value: Any) -> Any:
    """A property that a template may write as text, as the API's JSON has it."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _a_secrets_id_is_its_arn() -> None:
    """On AWS `Ref` of a secret is its ARN; MiniStack's is its name, so that a policy or a script sees another value."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    plain = dict(handlers)

    def arn_of(made: tuple[str, Properties]) -> tuple[str, Properties]:
        return made[1]["Arn"], made[1]

    def name_of(arn: str) -> str:
        return secretsmanager._resolve(arn)[0] or arn

    handlers["create"] = lambda *given: arn_of(plain["create"](*given))
    handlers["update"] = lambda arn, *given, **named: arn_of(plain["update"](name_of(arn), *given, **named))
    handlers["delete"] = lambda arn, *given: plain["delete"](name_of(arn), *given)


def _each_signal_that_ends_a_wait_is_an_event() -> None:
    """A signal that comes before its wait condition is missing in MiniStack's events; on AWS all are there."""
    from ministack.services.cloudformation import _stack_events

    plain = wait_conditions.wait_for

    def wait_for(token: str, stack_id: str, stack: str, logical_id: str, type: str, *rest: Any) -> Any:
        heard = plain(token, stack_id, stack, logical_id, type, *rest)
        told = {event["ResourceStatusReason"] for event in _stack_events.get(stack_id, [])}
        for id in heard:
            reason = f"Received SUCCESS signal with UniqueId {id}"
            if reason not in told:
                stacks._add_event(stack_id, stack, logical_id, type, "CREATE_IN_PROGRESS", reason)
        return heard

    wait_conditions.wait_for = wait_for


def _a_subscription_tells_what_it_is() -> None:
    """GetSubscriptionAttributes leaves out topic, protocol and endpoint of a subscription that a template made."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    plain = handlers["create"]

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        arn, attributes = plain(logical_id, properties, stack)
        if made := sns._find_subscription(properties["TopicArn"], arn):
            made["attributes"] |= {key: str(properties.get(key, "")) for key in ("TopicArn", "Protocol", "Endpoint")}
            made["attributes"] |= {"SubscriptionArn": arn, "Owner": get_account_id()}
        return arn, attributes

    handlers["create"] = create


def _a_flow_log_tells_where_it_writes_and_by_which_role() -> None:
    """DescribeFlowLogs leaves out the log group's name and the role, which a record may have."""
    plain = ec2._ACTION_MAP["DescribeFlowLogs"]
    names = {"LogGroupName": "logGroupName", "DeliverLogsPermissionArn": "deliverLogsPermissionArn"}

    def describe(params: Properties) -> Any:
        status, headers, body = plain(params)
        text = body.decode() if isinstance(body, bytes) else body
        for id, record in ec2._flow_logs.items():
            more = "".join(f"<{tag}>{record[key]}</{tag}>" for key, tag in names.items() if record.get(key))
            text = text.replace(f"<flowLogId>{id}</flowLogId>", f"<flowLogId>{id}</flowLogId>{more}")
        return status, headers, text.encode()

    ec2._ACTION_MAP["DescribeFlowLogs"] = describe


def _lifecycle_policies_can_be_read() -> None:
    """MiniStack has no Data Lifecycle Manager: its read calls answer from the records of the type taught to it."""

    async def answer(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        from rehearsal.cloud.types import lifecycle_policies

        found = re.fullmatch(r"/policies/([^/]+)/?", unquote(path))
        if method != "GET" or found is None:
            return error_response_json("InvalidRequestException", f"{method} {path} is not played here", 400)
        if (policy := lifecycle_policies.get(found[1])) is None:
            return error_response_json("ResourceNotFoundException", f"{found[1]} does not exist", 404)
        return json_response({"Policy": _policy(found[1], policy)})

    app.SERVICE_HANDLERS["dlm"] = answer


def _policy(id: str, given: Properties) -> Properties:
    """A policy as the API has it: tags as a map, numbers as numbers."""
    names = ("Description", "ExecutionRoleArn", "State", "PolicyDetails")
    kept: Properties = {key: given[key] for key in names if key in given}
    arn = f"arn:aws:dlm:{get_region()}:{get_account_id()}:policy/{id}"
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}
    return {**kept, "PolicyId": id, "PolicyArn": arn, "Tags": tags}
