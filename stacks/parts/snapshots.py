"""Snapshots of the managed database in a vault of AWS Backup: a second line, which nothing in the database's own hands can delete."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks import posture
from stacks.parts.database import ManagedPostgres


class Snapshots(Construct):
    """A snapshot each day, kept for `days`; whoever listens to `topic` hears of one that failed.

    Snapshots alone: continuous backups would take the retention of RDS's own away from the template.
    """

    def __init__(
        self, scope: Construct, id: str, *, database: ManagedPostgres, days: int, topic: sns.ITopic, runbook: str
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        # Kept when the stack goes, so another stack of its name needs another one: a stack's id ends in what is its alone.
        own = cdk.Fn.select(0, cdk.Fn.split("-", cdk.Fn.select(2, cdk.Fn.split("/", stack.stack_id))))
        self.vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=f"{stack.stack_name}-{own}",
            block_recovery_point_deletion=True,  # they end by the plan's retention, and not by somebody's mistake
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        plan = backup.BackupPlan(
            self,
            "Plan",
            backup_plan_name=stack.stack_name,
            backup_vault=self.vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="Daily",
                    # AWS Backup takes none in RDS's own window (06:00 to 06:30), nor in the hour before its maintenance
                    # (Sundays, 07:00 to 07:30) and while that lasts.
                    schedule_expression=events.Schedule.cron(hour="9", minute="0"),
                    start_window=cdk.Duration.hours(1),
                    completion_window=cdk.Duration.hours(6),
                    delete_after=cdk.Duration.days(days),
                )
            ],
        )
        managed = "service-role/AWSBackupServiceRolePolicyForBackup"
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
            description="What AWS Backup calls to take snapshots",
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(managed)],
        )
        posture.accept(
            role,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{managed}]",
            because="AWS keeps this policy in step with what the service calls, and only the service takes the role.",
        )
        plan.add_selection(
            "Database",
            backup_selection_name="Database",
            role=role,
            disable_default_backup_policy=True,  # the role above has it already
            resources=[backup.BackupResource.from_rds_database_instance(database.instance)],
        )
        events.Rule(
            self,
            "Failed",
            description="A snapshot that was not made",
            event_pattern=events.EventPattern(
                source=["aws.backup"],
                detail_type=["Backup Job State Change"],
                detail={"state": ["ABORTED", "EXPIRED", "FAILED"], "backupVaultName": [self.vault.backup_vault_name]},
            ),
            targets=[
                targets.SnsTopic(
                    topic,
                    authorize_using_role=True,  # the topic's own policy would let the rules of any account publish
                    message=events.RuleTargetInput.from_text(
                        f"AWS Backup made no snapshot of the database: {events.EventField.from_path('$.detail.state')}. "
                        f"{runbook} says what to do."
                    ),
                )
            ],
        )
