"""Machines that EC2 starts anew: the same disk, address and volumes."""

from __future__ import annotations

import logging
from typing import Any

from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.keeping import beside
from rehearsal.machines.traces import Traces
from rehearsal.machines.volume import Volume
from rehearsal.places import Run

log = logging.getLogger("rehearsal.reboots")


def teach(machines: Ec2, *, run: Run, traces: Traces) -> None:
    """Makes of MiniStack's RebootInstances one that is heard; as EC2's, it answers before the machines are down."""
    plain = ec2._ACTION_MAP["RebootInstances"]

    def reboot(params: dict[str, Any]) -> Any:
        answer = plain(params)
        if answer[0] == 200:
            for key, value in params.items():
                id = str(value[0] if isinstance(value, list) else value)
                if key.startswith("InstanceId") and id in machines.machines:
                    beside(begin_again, id, name=f"reboot {id}")
        return answer

    def begin_again(id: str) -> None:
        try:
            machines.machines[id] = machines.machines[id].reboot(traces)
            machines.machines[id].await_start()
        except OSError:
            log.exception("%s could not be rebooted", id)
            return
        for name, volume in ec2._volumes.items():
            if any(attachment["InstanceId"] == id for attachment in volume["Attachments"]):
                attached = Volume(name, run.volumes / f"{name}.img")
                if attached.file.exists():
                    machines.machines[id].attach(attached.device(traces), attached.by_id)

    ec2._ACTION_MAP["RebootInstances"] = reboot
