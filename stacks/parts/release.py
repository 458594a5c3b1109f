"""What changes under a running machine: the service's image and the number of its containers."""

from __future__ import annotations

import hashlib

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IDependable

from stacks.parts.image import service_image
from stacks.settings import Cpu


class Release(Construct):
    """The image of the service, and the parameter that tells the host which image to run in how many containers.

    A wait condition ends the deployment when the host says that the release serves, or that it does not. Its
    logical id and its handle's carry the release: CloudFormation waits for a condition only when it makes it.
    """

    def __init__(self, scope: Construct, id: str, *, cpu: Cpu, app_containers: int) -> None:
        super().__init__(scope, id)
        self.image = service_image(self, "Image", cpu=cpu)
        self.name = hashlib.sha256(f"{self.image.asset_hash} {app_containers}".encode()).hexdigest()[:12]
        self._handle = cdk.CfnWaitConditionHandle(self, f"Handle{self.name}")
        stack = cdk.Stack.of(self)
        self.parameter = ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=f"/fines/{stack.stack_name}/release",
            description="The release that the host follows",
            string_value=stack.to_json_string(
                {
                    "image": self.image.image_uri,
                    "app_containers": app_containers,
                    "release": self.name,
                    "signal_url": self._handle.ref,
                }
            ),
        )

    def wait_after(self, *first: IDependable, seconds: int) -> None:
        """Once `first` and the parameter are in place, waits for the host's word, for at most so many seconds."""
        condition = cdk.CfnWaitCondition(
            self, f"Served{self.name}", handle=self._handle.ref, timeout=str(seconds), count=1
        )
        condition.node.add_dependency(self.parameter, *first)
