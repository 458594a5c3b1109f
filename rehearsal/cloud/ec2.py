"""What stands behind EC2's API: launching boots a machine, attaching shows a device, associating moves an address."""

from __future__ import annotations

import base64
import ipaddress
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, iam

from rehearsal.cloud.addresses import Addresses
from rehearsal.cloud.interfaces import Interface, exposures
from rehearsal.cloud.role_sessions import RoleSessions, renewed
from rehearsal.machines.machine import Machine
from rehearsal.machines.metadata import Instance
from rehearsal.machines.network import Network
from rehearsal.machines.traces import Traces
from rehearsal.machines.volume import Volume
from rehearsal.places import Run

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


class Ec2:
    """The machines, volumes and addresses of a run, kept in step with MiniStack's records of them."""

    def __init__(self, *, run: Run, network: Network, root: Path, traces: Traces, sessions: RoleSessions) -> None:
        self._run, self._network, self._root, self._traces, self._sessions = run, network, root, traces, sessions
        self._lock = threading.RLock()
        self.machines: dict[str, Machine] = {}
        self.instances: dict[str, Instance] = {}  # by private address, for the metadata service
        self._joined: dict[str, Interface] = {}  # by private address: what is in the network and no instance
        self._addresses = Addresses()  # private ones
        actions = ec2._ACTION_MAP
        self._wrap(actions, "AttachVolume", self._attach)
        self._wrap(actions, "DetachVolume", self._detach)
        self._wrap(actions, "AssociateAddress", self._associate)
        self._wrap(actions, "DisassociateAddress", self._disassociate)
        self._wrap(actions, "TerminateInstances", self._terminated)
        self._wrap(actions, "AuthorizeSecurityGroupIngress", self._rules_changed)
        self._wrap(actions, "RevokeSecurityGroupIngress", self._rules_changed)
        actions["ModifyInstanceMetadataOptions"] = self._metadata_options  # MiniStack lacks it

    @staticmethod
    def _wrap(
        actions: dict[str, Any], name: str, behind: Callable[[Callable[[Params], Answer], Params], Answer]
    ) -> None:
        plain = actions[name]
        actions[name] = lambda params: behind(plain, params)

    def instance(self, id: str) -> Instance:
        return next(instance for instance in self.instances.values() if instance.id == id)

    def launch(self, *, template: Params, subnet: str, tags: dict[str, str]) -> str:
        """Boots a machine as the data of a launch template says; returns the instance's id."""
        with self._lock:
            instance = self._record(template=template, subnet=subnet, tags=tags)
            self._boot(instance, ec2._subnets[subnet]["CidrBlock"])
            self.expose()
            return instance.id

    def _record(self, *, template: Params, subnet: str, tags: dict[str, str]) -> Instance:
        """Records an instance as the data of a launch template says, for EC2's API and for the metadata service."""
        with self._lock:
            cidr = ec2._subnets[subnet]["CidrBlock"]
            zone = ec2._subnets[subnet]["AvailabilityZone"]
            address = self._addresses.take(cidr)
            profile = template["IamInstanceProfile"]
            name = profile.get("Name") or profile["Arn"].rpartition("/")[2]
            record = iam._instance_profiles[name]
            role = iam._roles[
                record["Roles"][0] if isinstance(record["Roles"][0], str) else record["Roles"][0]["RoleName"]
            ]
            groups = template.get("SecurityGroupIds") or [
                g for i in template.get("NetworkInterfaces", []) for g in i.get("Groups", [])
            ]
            created = ec2._launch_instances_internal(
                image_id=template["ImageId"],
                instance_type=template["InstanceType"],
                subnet_id=subnet,
                count=1,
                user_data=template.get("UserData", ""),
                sg_ids=groups,
                requested_private_ip=address,
                iam_profile={"Arn": record["Arn"], "Id": record["InstanceProfileId"]},
            )[0]
            id: str = created["InstanceId"]
            created["PublicIpAddress"] = None
            created["Placement"]["AvailabilityZone"] = zone
            created["MetadataOptions"] = template.get("MetadataOptions", {})
            ec2._tags[id] = [{"Key": key, "Value": value} for key, value in tags.items()]
            options = template.get("MetadataOptions", {})
            if options.get("HttpTokens") != "required":
                raise ValueError(
                    f"the launch template of {id} does not demand tokens of the metadata service (HttpTokens: required)"
                )
            self.instances[address] = Instance(
                id=id,
                image=template["ImageId"],
                type=template["InstanceType"],
                zone=zone,
                region=get_region(),
                account=get_account_id(),
                address=address,
                mac=f"02:00:{':'.join(f'{int(part):02x}' for part in address.split('.'))}",
                user_data=base64.b64decode(template.get("UserData", "")),
                profile=record["Arn"],
                role=role["RoleName"],
                credentials=renewed(lambda: self._sessions.issue(role["Arn"], source=id)),
                hop_limit=int(options.get("HttpPutResponseHopLimit", 1)),
            )
            return self.instances[address]

    def _boot(self, instance: Instance, cidr: str) -> None:
        """Gives a recorded instance its machine, in a subnet of that range."""
        self.machines[instance.id] = Machine.boot(
            id=instance.id,
            folder=self._run.machines,
            root=self._root,
            address=instance.address,
            router=self._network.add_subnet(cidr),
            prefix=ipaddress.ip_network(cidr).prefixlen,
            network=self._network,
            authority=self._run.authority,
            traces=self._traces,
        )

    def join(self, cidr: str, *, groups: Sequence[str], public: bool = False) -> tuple[str, Interface]:
        """An address of a subnet for what is no instance, behind security groups; with one for the world, if it is to."""
        with self._lock:
            address = self._addresses.take(cidr)
            self._joined[address] = Interface(tuple(groups), self.next_elastic_address() if public else None)
            self.expose()
            return address, self._joined[address]

    def join_range(self, cidr: str, *, groups: Sequence[str]) -> str:
        """A range of 256 addresses of a subnet that nobody uses, the last that are free, behind security groups."""
        with self._lock:
            found = self._addresses.take_range(cidr)
            self._joined[found] = Interface(tuple(groups), None)
            self.expose()
            return found

    def leave(self, address: str) -> None:
        """Takes an address, or a range, out of the network again."""
        with self._lock:
            if (gone := self._joined.pop(address, None)) is not None:
                self.expose(moved=gone.public)

    def terminate(self, id: str, *, patience: float = 30.0) -> None:
        """Shuts a machine down, as EC2 does on termination, and frees its volumes and addresses."""
        machine = self.machines[id]
        if machine.alive:
            machine.shut_down(patience)
        else:
            machine.kill()
        self.forget(id)

    def forget(self, id: str) -> None:
        """Records that a dead machine is gone: its volumes are available again, its addresses are free."""
        with self._lock:
            record = ec2._instances.get(id)
            if record is not None:
                record["State"] = {"Code": 48, "Name": "terminated"}
                record["_terminated_at"] = time.time()
            for volume_id, volume in list(ec2._volumes.items()):
                if any(attachment["InstanceId"] == id for attachment in volume["Attachments"]):
                    if (file := self._run.volumes / f"{volume_id}.img").exists():
                        Volume(volume_id, file).release()
                        volume["Attachments"], volume["State"] = [], "available"
                    else:
                        ec2._volumes.pop(volume_id)
            for address in ec2._addresses.values():
                if address["InstanceId"] == id:
                    address["AssociationId"] = address["InstanceId"] = None
            self.expose()

    def expose(self, *, moved: str | None = None) -> None:
        """Brings the network's translations and rules in step with addresses and security groups.

        Connections with an address that moved are forgotten, as they are on AWS.
        """
        with self._lock:
            interfaces = dict(self._joined)
            for instance in self.instances.values():
                record = ec2._instances.get(instance.id)
                if record is None or record["State"]["Name"] != "running":
                    continue
                public = next((a["PublicIp"] for a in ec2._addresses.values() if a["InstanceId"] == instance.id), None)
                instance.public_address = record["PublicIpAddress"] = public
                interfaces[instance.address] = Interface(tuple(g["GroupId"] for g in record["SecurityGroups"]), public)
            self._network.expose(exposures(interfaces))
            if moved:
                self._network.forget(moved)

    # behind the API

    def _attach(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        with self._lock:
            id, instance = _value(params, "VolumeId"), _value(params, "InstanceId")
            volume = ec2._volumes.get(id)
            if volume is not None and volume["State"] != "available":
                return _refused("VolumeInUse", f"{id} is already attached to an instance")
            if volume is not None and instance in self.machines:
                zone = self.instance(instance).zone
                if volume["AvailabilityZone"] != zone:
                    return _refused(
                        "InvalidVolume.ZoneMismatch",
                        f"The volume '{id}' is not in the same availability zone as instance '{instance}'",
                    )
            answer = plain(params)
            if answer[0] == 200 and instance in self.machines:
                stand_in = Volume(id, self._run.volumes / f"{id}.img")
                self.machines[instance].attach(stand_in.device(self._traces), stand_in.by_id)
            return answer

    def _detach(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        with self._lock:
            volume = Volume(id := _value(params, "VolumeId"), self._run.volumes / f"{id}.img")
            for attachment in ec2._volumes.get(id, {}).get("Attachments", []):
                if machine := self.machines.get(attachment["InstanceId"]):
                    machine.detach(volume.by_id)
            if volume.file.exists():
                volume.release()
            return plain(params)

    def _associate(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        with self._lock:
            address = ec2._addresses.get(_value(params, "AllocationId"))
            before = address and address["InstanceId"]
            other = before not in (None, _value(params, "InstanceId"))
            if other and _value(params, "AllowReassociation") == "false":
                return _refused(
                    "Resource.AlreadyAssociated",
                    f"resource {address['AllocationId']} is already associated with another resource",
                )
            answer = plain(params)
            self.expose(moved=address["PublicIp"] if address and address["InstanceId"] != before else None)
            return answer

    def _disassociate(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        with self._lock:
            answer = plain(params)
            self.expose()
            return answer

    def _terminated(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        answer = plain(params)
        if answer[0] == 200:
            for key, id in params.items():
                if key.startswith("InstanceId") and id in self.machines:
                    threading.Thread(target=self.terminate, args=(id,), name=f"terminate {id}").start()
        return answer

    def _rules_changed(self, plain: Callable[[Params], Answer], params: Params) -> Answer:
        answer = plain(params)
        self.expose()
        return answer

    def _metadata_options(self, params: Params) -> Answer:
        id, hops = _value(params, "InstanceId"), _value(params, "HttpPutResponseHopLimit")
        if id not in self.machines or ec2._instances[id]["State"]["Name"] != "running":
            return _refused("InvalidInstanceID.NotFound", f"The instance ID '{id}' does not exist")
        if not (hops.isdecimal() and 1 <= int(hops) <= 64):
            return _refused("InvalidParameterValue", "HttpPutResponseHopLimit is a number from 1 to 64")
        self.instance(id).hop_limit = int(hops)
        ec2._instances[id]["MetadataOptions"] |= {"HttpPutResponseHopLimit": int(hops)}
        told = f"<state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>{hops}</httpPutResponseHopLimit>"
        answer: Answer = ec2._xml(
            200,
            "ModifyInstanceMetadataOptionsResponse",
            f"<instanceId>{id}</instanceId><instanceMetadataOptions>{told}</instanceMetadataOptions>",
        )
        return answer

    def next_elastic_address(self) -> str:
        taken = {address["PublicIp"] for address in ec2._addresses.values()}
        taken |= {interface.public for interface in self._joined.values()}
        return next(
            str(host)
            for host in list(ipaddress.ip_network(self._network.elastic).hosts())[9:]
            if str(host) not in taken
        )


def _refused(code: str, message: str) -> Answer:
    answer: Answer = ec2._error(code, message, 400)
    return answer


def _value(params: Params, key: str) -> str:
    value = params.get(key, "")
    return str(value[0] if isinstance(value, list) else value)
