"""Snapshots of EBS volumes: the blocks of the moment, in a file beside the volumes', of which a new volume is made."""

from __future__ import annotations

import itertools
import re
from contextlib import ExitStack
from typing import Any

from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2
from rehearsal.machines.volume import Volume
from rehearsal.places import Run

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


def keep_blocks(run: Run, machines: Ec2) -> None:
    """Snapshots that are made through EC2's API have blocks from now on.

    Who has the volume mounted is held still for the copy's second, with all written that it had not: AWS holds nobody, and takes
    what was on the disk, as after a loss of power.
    """
    plain_create, plain_delete = ec2._ACTION_MAP["CreateSnapshot"], ec2._ACTION_MAP["DeleteSnapshot"]

    def create(params: Params) -> Answer:
        answer: Answer = plain_create(params)
        found = re.search(rb"<snapshotId>(snap-\w+)<", answer[2])
        if not found:
            return answer
        record = ec2._volumes[ec2._p(params, "VolumeId")]
        volume = Volume(record["VolumeId"], run.volumes / f"{record['VolumeId']}.img")
        with ExitStack() as held:
            for device, attachment in itertools.product(volume.devices(), record["Attachments"]):
                held.enter_context(machines.machines[attachment["InstanceId"]].held_still(device))
            volume.copy(run.volumes / f"{found[1].decode()}.img")
        return answer

    def delete(params: Params) -> Answer:
        answer: Answer = plain_delete(params)
        if answer[0] == 200:
            (run.volumes / f"{ec2._p(params, 'SnapshotId')}.img").unlink(missing_ok=True)
        return answer

    ec2._ACTION_MAP |= {"CreateSnapshot": create, "DeleteSnapshot": delete}
