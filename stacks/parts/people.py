"""Roles for people: who operates the stack, who looks at it, and who deploys it; each for principals that a setting names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import posture
from stacks.parts.database import ManagedPostgres
from stacks.parts.permissions import STACK_TAG, Conditions, finding

# The roles of the CDK's bootstrap stack that its CLI takes itself; the fifth is CloudFormation's own.
_BOOTSTRAP = ("deploy", "file-publishing", "image-publishing", "lookup")
# What describes, and knows no resource, or none that could be named: the answers have sizes, states and names of the whole region.
_DESCRIBE = (
    *(f"autoscaling:Describe{what}" for what in ("AutoScalingGroups", "InstanceRefreshes", "ScalingActivities")),
    *("autoscaling:DescribePolicies", "autoscaling:DescribeScheduledActions"),
    # of all alarms or of none (API reference, DescribeAlarms)
    *("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"),
    *("cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListDashboards"),
    *("cloudwatch:ListMetrics", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
    *(f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "LoadBalancers", "TargetGroups")),
    *("elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "rds:DescribeEvents"),
)
_SCRIPT = "AWS-RunShellScript"  # the document by which make promote has machines run its program
_ON_THE_STACK = (
    *("DescribeStackEvents", "DescribeStackResource", "DescribeStackResources", "DescribeStacks"),
    *("GetTemplate", "ListStackResources"),
)


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What people look at and work on. `logs` hold nothing of persons; `intimate_logs` may: addresses, users' names.

    `moves_with` is the stack that data may move to and from now, if there is one, and `zone_id` the hosted zone of the name.
    Without a `group_name` there are no machines that anybody has a shell on; who works in a cluster is the cluster's affair.
    """

    group_name: str
    database: ManagedPostgres
    rotator: lambda_.IFunction
    publisher: lambda_.IFunction
    dashboard: str
    logs: Sequence[str]
    intimate_logs: Sequence[str]
    moves_with: str
    zone_id: str


class PeopleRoles(Construct):
    """A role each for operators, reviewers and deployers; where nobody is named, there is no role.

    A user of IAM shows a second factor when taking one. Whoever hands out the roles that are named asks for it itself: what
    AWS sees of a session does not say so.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        operators: Sequence[str],
        reviewers: Sequence[str],
        deployers: Sequence[str],
        estate: Estate,
    ) -> None:
        super().__init__(scope, id)
        self._estate = estate
        if operators:
            self._operator(self._role("Operator", operators, "Operates the stack: a shell, and what the runbook does"))
        if reviewers:
            self._look(self._role("Reviewer", reviewers, "Looks at the stack, and changes nothing"), estate.logs)
        if deployers:
            self._deployer(self._role("Deployer", deployers, "What cdk deploy takes: the roles of the CDK's bootstrap"))

    def _role(self, name: str, principals: Sequence[str], what: str) -> iam.Role:
        second_factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        role = iam.Role(
            self,
            name,
            assumed_by=iam.CompositePrincipal(
                *(
                    iam.ArnPrincipal(arn).with_conditions(second_factor) if ":user/" in arn else iam.ArnPrincipal(arn)
                    for arn in principals
                )
            ),
            description=what,
            max_session_duration=cdk.Duration.hours(1),
        )
        told = cdk.CfnOutput(self, f"{name}Arn", value=role.role_arn, description=f"The role that {name.lower()}s take")
        told.override_logical_id(f"{name}RoleArn")
        return role

    def _look(self, role: iam.Role, groups: Sequence[str]) -> None:
        """Sizes, states, figures and logs; no value of a secret, no photograph, no row of the database."""
        database, stack = self._estate.database, cdk.Stack.of(self)
        _allow(role, "LookAround", *_DESCRIBE, on=["*"])
        self._accept(
            role,
            "*",
            because="These calls know no resource, or are for all of them or none; they tell states and figures, and change nothing.",
        )
        _allow(role, "LookAtTheStack", *(f"cloudformation:{verb}" for verb in _ON_THE_STACK), on=[stack.stack_id])
        described = ("rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:DescribeDBInstanceAutomatedBackups")
        _allow(role, "LookAtTheDatabase", *described, on=[database.instance.instance_arn])
        dashboard = f"arn:{stack.partition}:cloudwatch::{stack.account}:dashboard/{self._estate.dashboard}"
        _allow(role, "LookAtTheDashboard", "cloudwatch:GetDashboard", on=[dashboard])
        secrets = [secret.secret_arn for secret in database.secrets]
        _allow(
            role, "LookAtSecrets", "secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds", on=secrets
        )
        read = ("DescribeLogStreams", "FilterLogEvents", "GetLogEvents", "GetQueryResults", "StartQuery")
        _allow(role, "ReadLogs", *(f"logs:{verb}" for verb in read), on=list(groups))
        for group in groups:
            if finding(group, self).endswith(":*]"):
                self._accept(role, group, because="The wildcard stands for the streams of one log group of this stack.")

    def _operator(self, role: iam.Role) -> None:
        estate, database = self._estate, self._estate.database
        self._look(role, [*estate.logs, *estate.intimate_logs])
        if estate.group_name:
            self._work_on_machines(role)
        as_it_is = {
            "ArnEqualsIfExists": {"secretsmanager:RotationLambdaARN": estate.rotator.function_arn},
            "BoolIfExists": {"secretsmanager:ModifyRotationRules": "false"},
        }
        secrets = [secret.secret_arn for secret in database.secrets]
        _allow(role, "RotatePasswords", "secretsmanager:RotateSecret", on=secrets, only_if=as_it_is)
        # Secrets Manager asks it of who rotates (API reference, RotateSecret).
        _allow(role, "RotateByTheFunction", "lambda:InvokeFunction", on=[estate.rotator.function_arn])
        _allow(role, "PublishStaticFilesAgain", "lambda:InvokeFunction", on=[estate.publisher.function_arn])
        _allow(role, "FailOver", "rds:RebootDBInstance", on=[database.instance.instance_arn])
        self._restore(role)
        if estate.moves_with:
            self._move(role, estate.moves_with)

    def _work_on_machines(self, role: iam.Role) -> None:
        """A shell on each, and its replacement."""
        own = cdk.Stack.of(self).stack_name
        # A session without a document of its own takes the usual one, and asks for that too.
        machines, documents = self._arn("ec2", "instance/*"), self._arn("ssm", "document/SSM-SessionManagerRunShell")
        tagged = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": own}}
        checked = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
        _allow(role, "OpenAShellOnOwnMachines", "ssm:StartSession", on=[machines], only_if=tagged | checked)
        self._accept(
            role, machines, because="A machine's id exists only once it runs; its tag keeps to this stack's own."
        )
        _allow(role, "ByTheUsualDocument", "ssm:StartSession", on=[documents])
        sessions = self._arn("ssm", "session/*")
        mine = {"StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}}
        _allow(role, "EndOwnSessions", "ssm:ResumeSession", "ssm:TerminateSession", on=[sessions], only_if=mine)
        self._accept(role, sessions, because="A session's id is made when it begins; its tag says whose it is.")

        group = self._arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{self._estate.group_name}")
        verbs = ("CancelInstanceRefresh", "RollbackInstanceRefresh", "SetInstanceHealth", "StartInstanceRefresh")
        _allow(role, "ReplaceMachines", *(f"autoscaling:{verb}" for verb in verbs), on=[group])
        self._accept(
            role, group, because="The wildcard stands for an id that AWS makes up for the group; its name is in full."
        )

    def _move(self, role: iam.Role, other: str) -> None:
        """Has machines of both stacks move their data, and leads the name to the one that has it."""
        stack = cdk.Stack.of(self)
        machines = self._arn("ec2", "instance/*")
        document = f"arn:{stack.partition}:ssm:{stack.region}:*:document/{_SCRIPT}"
        both = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": [stack.stack_name, other]}}
        _allow(role, "HaveBothMoveTheirData", "ssm:SendCommand", on=[machines], only_if=both)
        if not self._estate.group_name:  # else it is accepted with a shell on them
            self._accept(
                role, machines, because="A machine's id exists only once it runs; its tag keeps to the two stacks' own."
            )
        _allow(role, "ByAScript", "ssm:SendCommand", on=[document])
        self._accept(
            role, document, because="The document is AWS's own, of no account: the place for one is empty in its name."
        )
        _allow(role, "HearHowItWent", "ssm:GetCommandInvocation", on=["*"])
        theirs = self._arn("cloudformation", f"stack/{other}/*")
        looks = ("cloudformation:DescribeStacks", "cloudformation:ListStackResources")
        _allow(role, "LookAtTheOtherStack", *looks, on=[theirs])
        self._accept(role, theirs, because="The wildcard stands for the id of a stack that is named in full.")
        zone = f"arn:{stack.partition}:route53:::hostedzone/{self._estate.zone_id}"
        records = ("route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets")
        _allow(role, "LeadTheName", *records, on=[zone])
        changes = f"arn:{stack.partition}:route53:::change/*"
        _allow(role, "SeeThatItIsKnown", "route53:GetChange", on=[changes])
        self._accept(
            role, changes, because="A change's id is made when it is asked for; nobody changes anything by looking."
        )

    def _restore(self, role: iam.Role) -> None:
        """The database of another time beside the living one, under a name that says so: not public, and to be removed again."""
        database = self._estate.database
        beside = self._arn("rds", f"db:{cdk.Stack.of(self).stack_name}-restored-*")
        of_it = [
            database.instance.instance_arn,
            self._arn("rds", f"subgrp:{database.subnet_group_name}"),
            self._arn("rds", f"pg:{database.parameter_group_name}"),
            self._arn("rds", "og:default:postgres-17"),
        ]
        snapshots = self._arn("rds", f"snapshot:rds:{database.instance.instance_identifier}-*")
        closed = {"BoolIfExists": {"rds:PubliclyAccessible": "false"}}
        _allow(role, "RestoreBeside", "rds:RestoreDBInstanceToPointInTime", on=[beside, *of_it], only_if=closed)
        by_snapshot = "rds:RestoreDBInstanceFromDBSnapshot"
        _allow(role, "RestoreASnapshotBeside", by_snapshot, on=[beside, *of_it[1:], snapshots], only_if=closed)
        verbs = ("rds:AddTagsToResource", "rds:DeleteDBInstance", "rds:DescribeDBInstances")
        _allow(role, "KeepWhatWasRestored", *verbs, on=[beside])
        self._accept(
            role, beside, because="Who restores names what is restored; the name begins with this stack's own."
        )
        self._accept(
            role, snapshots, because="RDS ends the name of a daily snapshot with its time; the rest is in full."
        )

    def _deployer(self, role: iam.Role) -> None:
        """Takes the CLI's own roles and does nothing itself: what they may, the account's bootstrap decides."""
        stack = cdk.Stack.of(self)
        qualifier = stack.synthesizer.bootstrap_qualifier or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
        end = f"role-{stack.account}-{stack.region}"
        roles = [f"arn:{stack.partition}:iam::{stack.account}:role/cdk-{qualifier}-{kind}-{end}" for kind in _BOOTSTRAP]
        _allow(role, "TakeTheRolesOfTheBootstrap", "sts:AssumeRole", on=roles)

    def _accept(self, role: iam.Role, resource: str, *, because: str) -> None:
        posture.accept(role, finding(resource, self), because=because)

    def _arn(self, service: str, rest: str) -> str:
        stack = cdk.Stack.of(self)
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{rest}"


def _allow(role: iam.Role, sid: str, *actions: str, on: Sequence[str], only_if: Conditions | None = None) -> None:
    conditions: Mapping[str, object] = dict(only_if or {})
    role.add_to_policy(
        iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(on), conditions=dict(conditions))
    )


def log_arn(scope: Construct, name: str) -> str:
    """A log group that another service makes under a known name, with its streams."""
    stack = cdk.Stack.of(scope)
    return f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{name}:*"


def arns(groups: Sequence[logs.ILogGroup]) -> list[str]:
    """The ARNs of log groups, with their streams."""
    return [group.log_group_arn for group in groups]
