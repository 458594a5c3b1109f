"""Machines that EC2 starts anew: the same disk, address and volumes."""

from __future__ import annotations

import threading
from typing import Any

from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2
from rehearsal.machines.traces import Traces
from rehearsal.machines.volume import Volume
from rehearsal.places import Run


def teach(machines: Ec2, *, run: Run, traces: Traces) -> None:
    """Makes of MiniStack's RebootInstances one that is heard; as EC2's, it answers before the machines are down."""
    plain = ec2._ACTION_MAP["RebootInstances"]

    def reboot(params: dict[str, Any]) -> Any:
        answer = plain(params)
        if answer[0] == 200:
            for key, value in params.items():
                id = str(value[0] if isinstance(value, list) else value)
                if key.startswith("InstanceId") and id in machines.machines:
                    threading.Thread(target=begin_again, args=(id,), name=f"reboot {id}").start()
        return answer

    def begin_again(id: str) -> None:
        machines.machines[id] = machines.machines[id].reboot(traces)
        machines.machines[id].await_start()
        for name, volume in ec2._volumes.items():
            if any(attachment["InstanceId"] == id for attachment in volume["Attachments"]):
                attached = Volume(name, run.volumes / f"{name}.img")
                if attached.file.exists():
                    machines.machines[id].attach(attached.device(traces), attached.by_id)

    ec2._ACTION_MAP["RebootInstances"] = reboot
