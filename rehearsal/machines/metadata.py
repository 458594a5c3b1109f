"""What stands in for the instance metadata service, version 2: tokens are demanded, and answers travel one hop.

Source of the paths: the EC2 user guide, "Instance metadata categories". A machine is known by the address it asks from.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from rehearsal.machines.network import METADATA

_TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105 - the name of a header
_TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"


@dataclass(frozen=True)
class Credentials:
    """A session of an instance's role; `expires` in seconds since 1970."""

    access_key: str
    secret: str
    token: str
    expires: float


@dataclass
class Instance:
    """What the metadata service tells a machine about itself. `lifecycle` is its Auto Scaling target state."""

    id: str
    image: str
    type: str
    zone: str
    region: str
    account: str
    address: str
    mac: str
    user_data: bytes
    profile: str
    role: str
    credentials: Callable[[], Credentials]
    public_address: str | None = None
    lifecycle: str = "InService"
    hop_limit: int = 1


class MetadataService:
    """Serves the instances of a mapping from private address to instance."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        self._instances = instances
        self._tokens: dict[str, tuple[str, float]] = {}

    async def start(self) -> None:
        """Listens on 169.254.169.254:80."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((METADATA, 80))
        app = web.Application()
        app.router.add_put("/latest/api/token", self._token)
        app.router.add_get("/{version}/{path:.*}", self._get)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, listener).start()

    def _instance(self, request: web.Request) -> Instance:
        instance = self._instances.get(request.remote or "")
        if instance is None:
            raise web.HTTPForbidden(text="no instance has this address")
        return instance

    async def _token(self, request: web.Request) -> web.Response:
        instance = self._instance(request)
        if "X-Forwarded-For" in request.headers:
            raise web.HTTPForbidden
        try:
            seconds = int(request.headers[_TTL_HEADER])
        except (KeyError, ValueError):
            raise web.HTTPBadRequest from None
        if not 1 <= seconds <= 21600:
            raise web.HTTPBadRequest
        _let_live(request, instance.hop_limit)
        token = secrets.token_urlsafe(40)
        self._tokens[token] = (instance.id, time.time() + seconds)
        return web.Response(text=token, headers={_TTL_HEADER: str(seconds)})

    async def _get(self, request: web.Request) -> web.Response:
        instance = self._instance(request)
        owner, until = self._tokens.get(request.headers.get(_TOKEN_HEADER, ""), ("", 0.0))
        if owner != instance.id or until < time.time():
            raise web.HTTPUnauthorized
        path = request.match_info["path"].strip("/")
        if path == "user-data":
            if not instance.user_data:
                raise web.HTTPNotFound
            return web.Response(body=instance.user_data, content_type="application/octet-stream")
        leaf = _find(_tree(instance), path)
        if leaf is None:
            raise web.HTTPNotFound
        if isinstance(leaf, dict):
            return web.Response(
                text="\n".join(f"{key}/" if isinstance(value, dict) else key for key, value in leaf.items())
            )
        return web.Response(text=leaf() if callable(leaf) else leaf)


def _let_live(request: web.Request, hops: int) -> None:
    """Lets the packets of the answer live for so many hops: a connection is made from anywhere, its token comes no further."""
    connection = request.transport.get_extra_info("socket") if request.transport else None
    if connection is None:
        raise web.HTTPForbidden(text="the connection is gone")
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)


def _find(tree: dict[str, object], path: str) -> dict[str, object] | str | Callable[[], str] | None:
    node: object = tree
    for name in [part for part in path.split("/") if part]:
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return node  # type: ignore[return-value]


def _tree(instance: Instance) -> dict[str, object]:
    def credentials() -> str:
        session = instance.credentials()
        moment = "%Y-%m-%dT%H:%M:%SZ"
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": time.strftime(moment, time.gmtime()),
                "Type": "AWS-HMAC",
                "AccessKeyId": session.access_key,
                "SecretAccessKey": session.secret,
                "Token": session.token,
                "Expiration": time.strftime(moment, time.gmtime(session.expires)),
            }
        )

    name = f"ip-{instance.address.replace('.', '-')}"
    interface = {"device-number": "0", "mac": instance.mac, "local-ipv4s": instance.address}
    metadata: dict[str, object] = {
        "ami-id": instance.image,
        "instance-id": instance.id,
        "instance-type": instance.type,
        "hostname": f"{name}.ec2.internal",
        "local-hostname": f"{name}.ec2.internal",
        "local-ipv4": instance.address,
        "mac": instance.mac,
        "placement": {"availability-zone": instance.zone, "region": instance.region},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
        "network": {"interfaces": {"macs": {instance.mac: interface}}},
        "autoscaling": {"target-lifecycle-state": instance.lifecycle},
        "iam": {
            "info": json.dumps({"Code": "Success", "InstanceProfileArn": instance.profile}),
            "security-credentials": {instance.role: credentials},
        },
    }
    if instance.public_address:
        metadata["public-ipv4"] = instance.public_address
    document = {
        "accountId": instance.account,
        "architecture": "x86_64",
        "availabilityZone": instance.zone,
        "imageId": instance.image,
        "instanceId": instance.id,
        "instanceType": instance.type,
        "privateIp": instance.address,
        "region": instance.region,
        "version": "2017-09-30",
    }
    return {"meta-data": metadata, "dynamic": {"instance-identity": {"document": json.dumps(document)}}}
