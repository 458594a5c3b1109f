"""The stack of the settings' name, as CloudFormation knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from operate.account import Account
from operate.trouble import code_of


@dataclass(frozen=True)
class Deployed:
    """A stack that exists, in whatever state."""

    name: str
    status: str
    reason: str = ""  # CloudFormation's own, of the first resource that failed
    protected: bool = False
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def serves(self) -> bool:
        """Whether it is whole: made once, and not on its way to something else."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def find(account: Account, name: str) -> Deployed | None:
    """The stack of a name; None where there is none."""
    formation = account.client("cloudformation")
    try:
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    status = str(stack["StackStatus"])
    return Deployed(
        name=name,
        status=status,
        reason=_first_failure(account, name) if "ROLLBACK" in status or status.endswith("FAILED") else "",
        protected=bool(stack.get("EnableTerminationProtection")),
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
    )


def _first_failure(account: Account, name: str) -> str:
    """What began the newest rollback: events come newest first, and those that follow from it are cancelled."""
    pages = account.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    reason = ""
    for event in (event for page in pages for event in page["StackEvents"]):
        status, told = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
        if event.get("PhysicalResourceId") == event.get("StackId") and status in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
        ):
            break
        if status.endswith("_FAILED") and "cancelled" not in told.lower():
            reason = f"{event['LogicalResourceId']}: {told}"
    return reason
