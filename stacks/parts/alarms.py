"""The alarms of a tier behind a load balancer: on what its users see, on its machines, and on its database."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from stacks.parts.balancer import Balancer
from stacks.parts.database import ManagedPostgres
from stacks.parts.monitoring import OF_BACKUPS, alarm_on, alarm_topic

_FIVE_MINUTES = cdk.Duration.minutes(5)
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_MISSING = cloudwatch.TreatMissingData


class FleetAlarms(Construct):
    """A topic for people, and alarms on AWS's own metrics of load balancer, machines and database, and on the dumps' ages."""

    def __init__(
        self, scope: Construct, id: str, *, balancer: Balancer, database: ManagedPostgres, namespace: str, email: str
    ) -> None:
        super().__init__(scope, id)
        self.topic = alarm_topic(self, email=email)
        before, targets, instance = balancer.balancer.metrics, balancer.targets.metrics, database.instance
        self._alarm(
            "ServerErrors",
            "The service answered more than 25 requests of five minutes with a server error",
            targets.http_code_target(elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=_FIVE_MINUTES),
            above=25,
        )
        self._alarm(
            "NobodyAnswers",
            "The load balancer found no machine for more than 25 requests of five minutes",
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
            "UnhealthyMachines",
            "A machine fails its health check, and is not replaced",
            targets.unhealthy_host_count(period=_FIVE_MINUTES, statistic="Minimum"),
            above=0,
            periods=2,
        )
        self._alarm(
            "DatabaseBusy",
            "The database's processors are busy for more than four fifths of the time",
            instance.metric_cpu_utilization(period=_FIVE_MINUTES),
            above=80,
            periods=3,
            silence_is_bad=True,
        )
        self._alarm(
            "DatabaseFull",
            "The database has less than two gigabytes of free storage, and does not grow",
            instance.metric_free_storage_space(period=_FIVE_MINUTES, statistic="Minimum"),
            below=2 * 2**30,
            periods=3,
            silence_is_bad=True,
        )

        for watch in OF_BACKUPS:
            alarm_on(self, watch, namespace=namespace, topic=self.topic)

    def _alarm(
        self,
        name: str,
        says: str,
        metric: cloudwatch.IMetric,
        *,
        above: float | None = None,
        below: float | None = None,
        periods: int = 1,
        silence_is_bad: bool = False,
    ) -> None:
        threshold, comparison = (above, _ABOVE) if above is not None else (below, _BELOW)
        assert threshold is not None
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"{says}. docs/runbook.md says what to do.",
            metric=metric,
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=periods,
            treat_missing_data=_MISSING.BREACHING if silence_is_bad else _MISSING.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
