"""What tells people that something is wrong before the service's users do: logs, alarms and where they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Watch:
    """An alarm on one of the machines' own metrics; where silence is the failure, missing data sets it off too."""

    name: str
    metric: str
    comparison: cloudwatch.ComparisonOperator
    threshold: float
    minutes: int
    periods: int
    silence_is_bad: bool = True
    says: str


OF_BACKUPS = (
    Watch(
        name="BackupAge",
        metric="BackupAgeSeconds",
        comparison=_ABOVE,
        threshold=26 * _HOUR,
        minutes=5,
        periods=3,
        says="The newest backup is older than 26 hours, or nobody says how old it is",
    ),
    Watch(
        name="RestoreDrillAge",
        metric="ProvenBackupAgeSeconds",
        comparison=_ABOVE,
        threshold=50 * _HOUR,
        minutes=60,
        periods=2,
        says="No backup of the last two days was proven by restoring it",
    ),
)
_ON_THE_HOST = (
    *OF_BACKUPS,
    Watch(
        name="Disk",
        metric="DiskUsedPercent",
        comparison=_ABOVE,
        threshold=80,
        minutes=5,
        periods=3,
        says="A disk of the host is more than 80 % full",
    ),
    Watch(
        name="ServerErrors",
        metric="ServerErrorPercent",
        comparison=_ABOVE,
        threshold=2,
        minutes=5,
        periods=2,
        silence_is_bad=False,
        says="More than 2 % of the answers are server errors",
    ),
    Watch(
        name="HostHealth",
        metric="HostHealthy",
        comparison=_BELOW,
        threshold=1,
        minutes=1,
        periods=5,
        says="The host does not serve, or says nothing",
    ),
    Watch(
        name="Certificate",
        metric="CertificateDaysLeft",
        comparison=_BELOW,
        threshold=14,
        minutes=60,
        periods=1,
        says="The certificate ends in less than 14 days, or nobody but the host itself signed it",
    ),
    Watch(
        name="Release",
        metric="ReleaseFailed",
        comparison=_ABOVE,
        threshold=0,
        minutes=5,
        periods=1,
        silence_is_bad=False,
        says="The host could not serve a release and went back to the one before",
    ),
)


def alarm_topic(scope: Construct, *, email: str) -> sns.Topic:
    """Where alarms are told: to people by e-mail, if an address is given."""
    stack = cdk.Stack.of(scope)
    topic = sns.Topic(scope, "Topic", display_name=stack.stack_name, enforce_ssl=True)
    # A topic with a policy of its own has lost the default one, which would let alarms publish.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )
    if email:
        topic.add_subscription(subscriptions.EmailSubscription(email))
    return topic


class HostAlarms(Construct):
    """A topic for people, and an alarm on each of the host's own metrics."""

    def __init__(self, scope: Construct, id: str, *, namespace: str, email: str) -> None:
        super().__init__(scope, id)
        self.topic = alarm_topic(self, email=email)
        for watch in _ON_THE_HOST:
            alarm_on(self, watch, namespace=namespace, topic=self.topic)


def alarm_on(
    scope: Construct, watch: Watch, *, namespace: str, topic: sns.ITopic, runbook: str = "docs/runbook.md"
) -> cloudwatch.Alarm:
    """The alarm on a metric of the machines' own, told to people when it goes off and when it is over."""
    missing = cloudwatch.TreatMissingData
    alarm = cloudwatch.Alarm(
        scope,
        watch.name,
        alarm_description=f"{watch.says}. {runbook} says what to do.",
        metric=cloudwatch.Metric(
            namespace=namespace,
            metric_name=watch.metric,
            statistic="Maximum" if watch.comparison == _ABOVE else "Minimum",
            period=cdk.Duration.minutes(watch.minutes),
        ),
        comparison_operator=watch.comparison,
        threshold=watch.threshold,
        evaluation_periods=watch.periods,
        treat_missing_data=missing.BREACHING if watch.silence_is_bad else missing.NOT_BREACHING,
    )
    return told(alarm, topic)


def told(alarm: cloudwatch.Alarm, topic: sns.ITopic) -> cloudwatch.Alarm:
    """The alarm, which people are told of when it goes off and when it is over."""
    alarm.add_alarm_action(actions.SnsAction(topic))
    alarm.add_ok_action(actions.SnsAction(topic))
    return alarm


class HostLogs(Construct):
    """The log groups that the host's agent writes to: its journal, its web server's access log, and the service's."""

    def __init__(self, scope: Construct, id: str, *, prefix: str, retention: logs.RetentionDays) -> None:
        super().__init__(scope, id)
        self.host, self.access, self.service = _groups(self, ("host", "access", "service"), prefix, retention)


class PodLogs(Construct):
    """The log groups of pods: what the service says, whom the front answered, and what is done beside serving."""

    def __init__(self, scope: Construct, id: str, *, prefix: str, retention: logs.RetentionDays) -> None:
        super().__init__(scope, id)
        self.service, self.access, self.jobs = _groups(self, ("service", "access", "jobs"), prefix, retention)


def _groups(scope: Construct, names: Sequence[str], prefix: str, retention: logs.RetentionDays) -> list[logs.LogGroup]:
    return [
        logs.LogGroup(
            scope,
            name.title(),
            log_group_name=f"{prefix}/{name}",
            retention=retention,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        for name in names
    ]


def retention_of(days: int) -> logs.RetentionDays:
    """The shortest of CloudWatch's own choices that keeps logs for at least so many days."""
    return _RETENTION[days_of(days)]


def days_of(days: int) -> int:
    """The same choice, as a number."""
    return min(choice for choice in _RETENTION if choice >= days)


_Days = logs.RetentionDays
_RETENTION = {
    1: _Days.ONE_DAY,
    3: _Days.THREE_DAYS,
    5: _Days.FIVE_DAYS,
    7: _Days.ONE_WEEK,
    14: _Days.TWO_WEEKS,
    30: _Days.ONE_MONTH,
    60: _Days.TWO_MONTHS,
    90: _Days.THREE_MONTHS,
    120: _Days.FOUR_MONTHS,
    150: _Days.FIVE_MONTHS,
    180: _Days.SIX_MONTHS,
    365: _Days.ONE_YEAR,
    400: _Days.THIRTEEN_MONTHS,
    545: _Days.EIGHTEEN_MONTHS,
    731: _Days.TWO_YEARS,
    1096: _Days.THREE_YEARS,
    1827: _Days.FIVE_YEARS,
    2192: _Days.SIX_YEARS,
    2557: _Days.SEVEN_YEARS,
    2922: _Days.EIGHT_YEARS,
    3288: _Days.NINE_YEARS,
    3653: _Days.TEN_YEARS,
}
