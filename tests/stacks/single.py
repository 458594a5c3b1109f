"""Reads what tier single's tests speak about out of its template."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.stacks.synthesis import Template, flat, the_only

GROUP = "AWS::AutoScaling::AutoScalingGroup"
TEMPLATE = "AWS::EC2::LaunchTemplate"


def user_data(template: Template) -> str:
    return flat(the_only(template, TEMPLATE)["Properties"]["LaunchTemplateData"]["UserData"])


def boot_env(template: Template, folder: Path) -> dict[str, str]:
    """What a shell reads from the file that the machine's user data writes."""
    script, _, _ = user_data(template).partition("chmod 0644 /etc/fines/boot.env")
    file = folder / "boot.env"
    subprocess.run(["bash", "-c", script.replace("/etc/fines", str(folder))], check=True)
    sourced = subprocess.run(
        ["env", "-i", "bash", "-c", f"set -a; . {file}; env -0"], check=True, capture_output=True, text=True
    )
    return dict(line.split("=", 1) for line in sourced.stdout.split("\0") if line.startswith(("FINES_", "AWS_")))


def replaced(before: Template, after: Template) -> bool:
    """Whether the change replaces the host: another launch template, or another group."""
    return any(the_only(before, kind) != the_only(after, kind) for kind in (TEMPLATE, GROUP))


def release(template: Template) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(flat(the_only(template, "AWS::SSM::Parameter")["Properties"]["Value"]))
    return value
