"""What stands in for the agent behind Run Command: the script runs as root in the machine, as the agent runs it there.

The call itself, its books and its limits on output are MiniStack's, after the gate has let it through.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from ministack.services import ec2, ssm

from rehearsal.cloud.ec2 import Ec2

_SECONDS = 3600  # AWS-RunShellScript's own, of its parameter executionTimeout
_FAILED = 255


def play(machines: Ec2) -> None:
    """Has commands reach the machines of a run."""

    def is_managed(id: str) -> bool:
        record = ec2._instances.get(id)
        machine = machines.machines.get(id)
        return bool(record and record["State"]["Name"] == "running" and machine and machine.alive)

    def run(id: str, command: Sequence[str]) -> tuple[int, str, str]:
        try:
            done = machines.machines[id].run(*command, check=False, timeout=_SECONDS)
        except (KeyError, OSError, subprocess.TimeoutExpired) as error:
            return _FAILED, "", f"{type(error).__name__}: {error}"
        return done.returncode, done.stdout, done.stderr

    ec2.instance_is_managed = is_managed
    ec2.exec_in_instance_blocking = run
    # MiniStack says of any other document that it went well.
    plain = ssm._send_command

    def send(data: dict[str, object]) -> object:
        if data.get("DocumentName") != "AWS-RunShellScript":
            return ssm.error_response_json(
                "InvalidDocument", "The rehearsal plays AWS-RunShellScript and no other document", 400
            )
        return plain(data)

    ssm._send_command = send
