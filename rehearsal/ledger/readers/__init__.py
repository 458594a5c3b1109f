"""Readers of resources, a file by service; importing the package fills the table in `registry`."""

from rehearsal.ledger.readers import (
    autoscaling,
    cloudformation,
    cloudwatch,
    dlm,
    ec2_machines,
    ec2_network,
    elasticloadbalancing,
    functions,
    iam,
    logs,
    names,
    rds,
    s3,
    secretsmanager,
    sns,
    ssm,
)

__all__ = [
    "autoscaling",
    "cloudformation",
    "cloudwatch",
    "dlm",
    "ec2_machines",
    "ec2_network",
    "elasticloadbalancing",
    "functions",
    "iam",
    "logs",
    "names",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
]
