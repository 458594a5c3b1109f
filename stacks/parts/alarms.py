"""The alarms of a tier behind a load balancer: what its users see, its machines, its database, its functions and its secrets."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.parts.balancer import Balancer
from stacks.parts.dashboard import cluster_metric, deployment_metric, group_metric
from stacks.parts.database import ManagedPostgres
from stacks.parts.monitoring import OF_BACKUPS, alarm_on, alarm_topic, told

_MINUTE, _FIVE_MINUTES = cdk.Duration.minutes(1), cdk.Duration.minutes(5)
_HOUR, _DAY = cdk.Duration.hours(1), cdk.Duration.days(1)
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_MISSING = cloudwatch.TreatMissingData
_GRACE = 3  # days that a rotation may be late: its window is a day, and one that failed is tried again


class ServiceAlarms(Construct):
    """A topic for people, and alarms that tell it; the page `runbook` has a line for each.

    What serves are the machines of a group, or the pods of a cluster: one of the two names is given. `functions` are those of
    the stack, by the names of their alarms; `days` is how often passwords are to change.
    """

    release: cloudwatch.Alarm  # of machines: what takes a release back

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        balancer: Balancer,
        database: ManagedPostgres,
        certificate: acm.ICertificate,
        functions: Mapping[str, lambda_.IFunction],
        namespace: str,
        days: int,
        email: str,
        runbook: str,
        group_name: str = "",
        cluster_name: str = "",
    ) -> None:
        super().__init__(scope, id)
        self._runbook, self._what = runbook, "machine" if group_name else "pod"
        self.topic = alarm_topic(self, email=email)
        self.all: list[cloudwatch.Alarm] = []
        self._on_what_users_see(balancer, certificate, taken_back=bool(group_name))
        if group_name:
            self._on_machines(balancer, group_name)
        else:
            self._on_pods(balancer, cluster_name)
        self._on_the_database(database)
        for name, function in functions.items():
            self._on_a_function(name, function)
        self._on_passwords(namespace, days)
        self.all += [
            alarm_on(self, watch, namespace=namespace, topic=self.topic, runbook=runbook) for watch in OF_BACKUPS
        ]

    def _on_what_users_see(self, balancer: Balancer, certificate: acm.ICertificate, *, taken_back: bool) -> None:
        before, targets = balancer.balancer.metrics, balancer.targets.metrics
        self._alarm(
            "ServerErrors",
            "The service answered more than 25 requests of five minutes with a server error",
            targets.http_code_target(elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=_FIVE_MINUTES),
            above=25,
        )
        if taken_back:
            # What a release does wrong is seen at once, so that it is taken back while few machines have it.
            self.release = self._alarm(
                "ReleaseFails",
                "The service answered more than 10 requests of a minute with a server error; a release under way is taken back",
                targets.http_code_target(elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=_MINUTE),
                above=10,
            )
        self._alarm(
            "NobodyAnswers",
            f"The load balancer found no {self._what} for more than 25 requests of five minutes",
            before.http_code_elb(elbv2.HttpCodeElb.ELB_5XX_COUNT, period=_FIVE_MINUTES),
            above=25,
        )
        self._alarm(
            "Slow",
            "One request in a hundred takes more than two seconds",
            targets.target_response_time(period=_FIVE_MINUTES, statistic="p99"),
            above=2,
            periods=3,
        )
        self._alarm(
            "Certificate",
            "The certificate ends in less than 21 days, and was not renewed",
            certificate.metric_days_to_expiry(period=_DAY, statistic="Minimum"),
            below=21,
            # ACM counts the days twice a day, from some hours after it issued it, and no more once it has ended.
            silence=_MISSING.IGNORE,
        )

    def _on_machines(self, balancer: Balancer, group_name: str) -> None:
        self._alarm(
            "UnhealthyMachines",
            "A machine fails its health check, and is not replaced",
            balancer.targets.metrics.unhealthy_host_count(period=_FIVE_MINUTES, statistic="Minimum"),
            above=0,
            periods=2,
        )
        serving = group_metric(group_name, "GroupInServiceInstances", statistic="Maximum")
        self._alarm(
            "FewMachines",
            "For ten minutes fewer machines serve than the schedule asks for at least",
            _missing(serving, than=group_metric(group_name, "GroupMinSize", statistic="Minimum")),
            above=0,
            periods=10,  # a machine that a schedule asks for takes some minutes to boot
            silence=_MISSING.BREACHING,
        )
        self._alarm(
            "LaunchesFail",
            "For half an hour machines that are wanted do not come: EC2 launches none, or they do not boot to serve",
            _missing(serving, than=group_metric(group_name, "GroupDesiredCapacity", statistic="Minimum")),
            above=0,
            periods=30,
        )

    def _on_pods(self, balancer: Balancer, cluster_name: str) -> None:
        self._alarm(
            "UnhealthyPods",
            "A pod fails the load balancer's health check, and is not replaced",
            balancer.targets.metrics.unhealthy_host_count(period=_FIVE_MINUTES, statistic="Minimum"),
            above=0,
            periods=2,
        )
        wanted, ready = (deployment_metric(cluster_name, f"replicas_{what}") for what in ("desired", "ready"))
        self._alarm(
            "FewPods",
            "For ten minutes fewer pods are ready than are wanted, or nobody counts them",
            _missing(ready, than=wanted),
            above=0,
            periods=10,
            silence=_MISSING.BREACHING,
        )
        for name, metric, says, most in (
            ("NodesFail", "cluster_failed_node_count", "For ten minutes a node is not ready, and is not replaced", 0),
            ("NodeMemory", "node_memory_utilization", "The nodes' memory is more than 90 % full", 90),
            ("NodeDisk", "node_filesystem_utilization", "The nodes' disks are more than 80 % full", 80),
        ):
            of = cluster_metric(cluster_name, metric, statistic="Maximum", period=_FIVE_MINUTES)
            self._alarm(name, says, of, above=most, periods=2)

    def _on_the_database(self, database: ManagedPostgres) -> None:
        instance = database.instance
        self._alarm(
            "DatabaseBusy",
            "The database's processors are busy for more than four fifths of the time",
            instance.metric_cpu_utilization(period=_FIVE_MINUTES),
            above=80,
            periods=3,
            silence=_MISSING.BREACHING,
        )
        self._alarm(
            "DatabaseFull",
            "The database has less than two gigabytes of free storage, and does not grow",
            instance.metric_free_storage_space(period=_FIVE_MINUTES, statistic="Minimum"),
            below=2 * 2**30,
            periods=3,
            silence=_MISSING.BREACHING,
        )

    def _on_a_function(self, name: str, function: lambda_.IFunction) -> None:
        what = name.lower()
        errors = function.metric_errors(period=_FIVE_MINUTES)
        self._alarm(
            f"{name}Fails", f"The function of the {what} ended with an error, or took too long", errors, above=0
        )
        throttles = function.metric_throttles(period=_FIVE_MINUTES)
        self._alarm(f"{name}Throttled", f"Lambda did not run the function of the {what}", throttles, above=0)

    def _on_passwords(self, namespace: str, days: int) -> None:
        self._alarm(
            "RotationOverdue",
            f"A password of the database is older than {days + _GRACE} days, or nobody says how old they are",
            cloudwatch.Metric(
                namespace=namespace, metric_name="OldestPasswordSeconds", statistic="Maximum", period=_HOUR
            ),
            above=(days + _GRACE) * _DAY.to_seconds(),
            periods=3,
            silence=_MISSING.BREACHING,
        )

    def _alarm(
        self,
        name: str,
        says: str,
        metric: cloudwatch.IMetric,
        *,
        above: float | None = None,
        below: float | None = None,
        periods: int = 1,
        silence: cloudwatch.TreatMissingData = _MISSING.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        threshold, comparison = (above, _ABOVE) if above is not None else (below, _BELOW)
        assert threshold is not None
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"{says}. {self._runbook} says what to do.",
            metric=metric,
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=periods,
            treat_missing_data=silence,
        )
        self.all.append(told(alarm, self.topic))
        return alarm


def _missing(serving: cloudwatch.Metric, *, than: cloudwatch.Metric) -> cloudwatch.MathExpression:
    """How many there are fewer than wanted."""
    return cloudwatch.MathExpression(
        expression="wanted - serving",
        using_metrics={"wanted": than, "serving": serving},
        period=_MINUTE,
        label="missing",
    )
