"""What the gate must know of the cloud's state to name resources as AWS does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Lookup(Protocol):
    """Answers from the local AWS's state; None or nothing for what does not exist: the ARN as asked is then judged."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of any resource, by its full ARN."""

    def ec2_facts(self, id: str) -> Mapping[str, str]:
        """Condition keys of an EC2 resource beyond its tags, for example `ec2:AvailabilityZone`."""

    def address_of(self, public_ip_or_association: str) -> str | None:
        """The allocation id of an Elastic IP address, by the address or by an association's id."""

    def secret_arn(self, name_or_arn: str) -> str | None:
        """The full ARN of a secret, by its name, its full ARN, or its ARN without the random suffix."""

    def stack_arn(self, name: str) -> str | None:
        """The full ARN (the stack id) of a living stack, by its name."""

    def group_arn(self, name: str) -> str | None:
        """The full ARN of an Auto Scaling group, by its name."""

    def bucket_exists(self, name: str) -> bool:
        """Whether there is such a bucket."""


class Nothing:
    """A cloud without state: every resource is as the request names it."""

    def tags(self, arn: str) -> Mapping[str, str]:
        return {}

    def ec2_facts(self, id: str) -> Mapping[str, str]:
        return {}

    def address_of(self, public_ip_or_association: str) -> str | None:
        return None

    def secret_arn(self, name_or_arn: str) -> str | None:
        return None

    def stack_arn(self, name: str) -> str | None:
        return None

    def group_arn(self, name: str) -> str | None:
        return None

    def bucket_exists(self, name: str) -> bool:
        return True
