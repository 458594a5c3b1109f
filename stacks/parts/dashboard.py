"""What a person looks at to see how the service does: its requests, its machines, its fines and its database, on one page."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from stacks.parts.balancer import Balancer
from stacks.parts.database import ManagedPostgres

_MINUTE = cdk.Duration.minutes(1)
_WIDE, _THIRD, _QUARTER = 24, 8, 6  # of the 24 columns of a dashboard
# the service's calls, by its names
_ONE, _MANY, _REPORT = "cargar_infraccion", "cargar_infracciones", "generar_informe"


class Dashboard(Construct):
    """One page, from what users see down to what they do not; the alarms' states are at its head.

    `name` is what the console lists it under, `namespace` where the service's own figures are, `serving` the row about what serves.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        namespace: str,
        balancer: Balancer,
        database: ManagedPostgres,
        serving: Sequence[cloudwatch.IWidget],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, id)
        self._namespace = namespace
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=cdk.Duration.hours(12),
            widgets=[
                [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=_WIDE, height=3)],
                _seen_by_users(balancer),
                self._fines(),
                list(serving),
                _database(database),
            ],
        )

    def _fines(self) -> list[cloudwatch.IWidget]:
        """What became of fines, sent one by one or in files, and how long the service's own calls took."""
        counts = [
            self._together("FinesAccepted", "accepted"),
            self._together("FinesRepeated", "repeated"),
            self._together("FinesRefused", "refused"),
        ]
        calls = [(_ONE, "a fine"), (_MANY, "a file"), (_REPORT, "a report")]
        times = [self._own("Latency", call, "p99", label=f"{what} p99") for call, what in calls]
        errors = [self._own("ServerErrors", call, "Sum", label=what) for call, what in calls]
        return [
            _graph("Fines a minute", counts, unit="fines"),
            _graph("Time of the service's calls", times, unit="ms"),
            _graph("Server errors of the service's calls", errors, unit="answers"),
        ]

    def _together(self, metric: str, label: str) -> cloudwatch.MathExpression:
        """Fines of both calls: a minute in which one was not called has no figure of it, which is none."""
        id = label
        given = {f"{id}{n}": self._own(metric, call, "Sum") for n, call in enumerate((_ONE, _MANY), 1)}
        return cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({each}, 0)" for each in given),
            using_metrics=given,
            label=label,
            period=_MINUTE,
        )

    def _own(self, metric: str, call: str, statistic: str, *, label: str | None = None) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self._namespace,
            metric_name=metric,
            dimensions_map={"Call": call},
            statistic=statistic,
            label=label,
            period=_MINUTE,
        )


def _seen_by_users(balancer: Balancer) -> list[cloudwatch.IWidget]:
    before, targets = balancer.balancer.metrics, balancer.targets.metrics
    times = [targets.target_response_time(statistic=each, label=each, period=_MINUTE) for each in ("p50", "p99")]
    of_machines, of_balancer = elbv2.HttpCodeTarget, elbv2.HttpCodeElb
    errors = [
        targets.http_code_target(of_machines.TARGET_5XX_COUNT, label="server errors", period=_MINUTE),
        before.http_code_elb(of_balancer.ELB_5XX_COUNT, label="nobody answered", period=_MINUTE),
        targets.http_code_target(of_machines.TARGET_4XX_COUNT, label="refused", period=_MINUTE),
    ]
    return [
        _graph("Requests a minute", [before.request_count(label="requests", period=_MINUTE)], unit="requests"),
        _graph("Time until a machine answered", times, unit="seconds"),
        _graph("Errors a minute", errors, unit="answers"),
    ]


def group_metric(group_name: str, metric: str, **more: str) -> cloudwatch.Metric:
    """A figure that Auto Scaling counts of a group each minute; the group must ask for it (MetricsCollection)."""
    return cloudwatch.Metric(
        namespace="AWS/AutoScaling",
        metric_name=metric,
        dimensions_map={"AutoScalingGroupName": group_name},
        statistic=more.get("statistic", "Average"),
        label=more.get("label"),
        period=_MINUTE,
    )


def machines(balancer: Balancer, group_name: str) -> list[cloudwatch.IWidget]:
    """A row about the machines of a group, for its dashboard."""
    size = [
        group_metric(group_name, "GroupInServiceInstances", label="in service"),
        group_metric(group_name, "GroupMinSize", label="least, by schedule"),
        group_metric(group_name, "GroupDesiredCapacity", label="wanted"),
        group_metric(group_name, "GroupMaxSize", label="most"),
    ]
    busy = cloudwatch.Metric(
        namespace="AWS/EC2",
        metric_name="CPUUtilization",
        dimensions_map={"AutoScalingGroupName": group_name},
        label="processors",
        period=cdk.Duration.minutes(5),
    )
    return [
        _graph("Machines against the schedule", size, unit="machines"),
        _graph("Machines as the load balancer finds them", _found_by(balancer), unit="machines"),
        _graph("Machines' processors", [busy], unit="%"),
    ]


def cluster_metric(
    cluster: str, metric: str, *, statistic: str = "Average", label: str | None = None, period: cdk.Duration = _MINUTE
) -> cloudwatch.Metric:
    """A figure that Container Insights has of a whole cluster."""
    return cloudwatch.Metric(
        namespace="ContainerInsights",
        metric_name=metric,
        dimensions_map={"ClusterName": cluster},
        statistic=statistic,
        label=label,
        period=period,
    )


def deployment_metric(cluster: str, metric: str, label: str | None = None) -> cloudwatch.Metric:
    """A figure that Container Insights has of the service's Deployment, which it calls a pod's name."""
    return cloudwatch.Metric(
        namespace="ContainerInsights",
        metric_name=metric,
        dimensions_map={"ClusterName": cluster, "Namespace": "fines", "PodName": "web"},
        statistic="Maximum",
        label=label,
        period=_MINUTE,
    )


def pods(balancer: Balancer, cluster: str, namespace: str) -> list[cloudwatch.IWidget]:
    """A row about the pods of a cluster and its nodes, for the dashboard of the tier on it."""
    least = cloudwatch.Metric(
        namespace=namespace, metric_name="LeastPods", statistic="Maximum", label="least, by schedule", period=_MINUTE
    )
    size = [
        deployment_metric(cluster, "replicas_ready", "ready"),
        deployment_metric(cluster, "replicas_desired", "wanted"),
        least,
        cluster_metric(cluster, "cluster_node_count", statistic="Maximum", label="nodes"),
    ]
    busy = [
        cluster_metric(cluster, f"node_{what}_utilization", label=label)
        for what, label in (("cpu", "processors"), ("memory", "memory"), ("filesystem", "disks"))
    ]
    return [
        _graph("Pods against the schedule, and nodes", size, unit="pods"),
        _graph("Pods as the load balancer finds them", _found_by(balancer), unit="pods"),
        _graph("Nodes' processors, memory and disks", busy, unit="%"),
    ]


def _found_by(balancer: Balancer) -> list[cloudwatch.IMetric]:
    return [
        balancer.targets.metrics.healthy_host_count(label="healthy", period=_MINUTE),
        balancer.targets.metrics.unhealthy_host_count(label="unhealthy", period=_MINUTE),
    ]


def _database(database: ManagedPostgres) -> list[cloudwatch.IWidget]:
    instance = database.instance
    storage = [instance.metric_free_storage_space(label="free", period=_MINUTE)]
    times = [
        instance.metric("ReadLatency", label="reading", period=_MINUTE),
        instance.metric("WriteLatency", label="writing", period=_MINUTE),
    ]
    graphs = [
        ("Database: processors", [instance.metric_cpu_utilization(label="busy", period=_MINUTE)], "%"),
        ("Database: connections", [instance.metric_database_connections(label="open", period=_MINUTE)], "connections"),
        ("Database: storage", storage, "bytes"),
        ("Database: latency of the disk", times, "seconds"),
    ]
    return [_graph(title, list(metrics), unit=unit, width=_QUARTER) for title, metrics, unit in graphs]


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], *, unit: str, width: int = _THIRD
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0, label=unit, show_units=False),
        width=width,
        height=6,
    )
