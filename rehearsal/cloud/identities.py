"""What MiniStack's IAM lacks of the identities of people: boundaries of a template's roles, and seeds that a device can use."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from ministack.services import iam
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.policies import Properties


def mend() -> None:
    """Wraps the handlers; to be called before MiniStack serves."""
    _a_templates_role_keeps_its_boundary()
    _a_device_has_a_seed_in_base32()


def _a_templates_role_keeps_its_boundary() -> None:
    """CloudFormation's roles lose their boundary, and so would be allowed what it forbids."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    plain = dict(handlers)

    def bound(made: tuple[str, Properties], properties: Properties) -> tuple[str, Properties]:
        boundary = properties.get("PermissionsBoundary") or None
        if boundary and not iam._policy_exists(boundary):
            raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")
        iam._roles[made[0]]["PermissionsBoundary"] = boundary
        return made

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        return bound(plain["create"](logical_id, properties, stack), properties)

    def update(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        return bound(plain["update"](id, old, new, stack, logical_id), new)

    handlers |= {"create": create, "update": update}


def _a_device_has_a_seed_in_base32() -> None:
    """The seed that MiniStack makes up has digits that base32 does not know: no device could show its codes."""
    plain = iam._IAM_HANDLERS["CreateVirtualMFADevice"]

    def create(params: Properties) -> Any:
        known = set(iam._mfa_devices)
        status, headers, body = plain(params)
        for serial in set(iam._mfa_devices) - known:
            device, seed = iam._mfa_devices[serial], base64.b32encode(secrets.token_bytes(20)).decode()
            old, new = (base64.b64encode(each.encode()) for each in (device["Base32StringSeed"], seed))
            body = (body if isinstance(body, bytes) else body.encode()).replace(old, new)
            device["Base32StringSeed"] = seed
        return status, headers, body

    iam._IAM_HANDLERS["CreateVirtualMFADevice"] = create
