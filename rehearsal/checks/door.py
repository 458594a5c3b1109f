"""AWS's services as people reach them: under AWS's own names, through the front and its gate, with keys of their own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.checks import Subject
from rehearsal.cloud.permissions.evaluator import UNJUDGED
from rehearsal.cloud.tunnel import Tunnel
from rehearsal.principals import Keys

_REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


@dataclass(frozen=True)
class Door:
    """Where clients find the front, and whom they trust there."""

    proxy: str
    authority: str
    region: str

    def client(self, service: str, keys: Keys) -> Any:
        """A client of one's own, which asks once."""
        session = boto3.Session(keys.key, keys.secret, keys.token, region_name=self.region)
        config = Config(proxies={"https": self.proxy}, retries={"total_max_attempts": 1})
        return session.client(service, config=config, verify=self.authority)

    def environment(self, keys: Keys, service: str = "") -> dict[str, str]:
        """What boto3 and AWS's command line read: keys, the region, and the way to the front.

        The command line's first version sends calls of some services elsewhere in us-east-1, unless the service is named.
        """
        return {
            "AWS_ACCESS_KEY_ID": keys.key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            **({"AWS_SESSION_TOKEN": keys.token} if keys.token else {}),
            "AWS_DEFAULT_REGION": self.region,
            **({"AWS_ENDPOINT_URL": f"https://{service}.{self.region}.amazonaws.com"} if service else {}),
            "AWS_CA_BUNDLE": self.authority,
            "HTTPS_PROXY": self.proxy,
        }

    def take(self, keys: Keys, role: str, *, name: str, second_factor: bool = True) -> Keys:
        """The keys of a role's session.

        Raises:
            ClientError: the gate refused.
        """
        shown = keys.second_factor if second_factor else {}
        given = self.client("sts", keys).assume_role(RoleArn=role, RoleSessionName=name, **shown)["Credentials"]
        return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


@contextlib.contextmanager
def door(subject: Subject) -> Iterator[Door]:
    """A way to the front for the length of a block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="door", daemon=True)
    thread.start()
    tunnel = Tunnel(443, address=subject.tier.network.cloud)
    try:
        port = asyncio.run_coroutine_threadsafe(tunnel.start(), loop).result(10)
        region = str(subject.tier.session.region_name)
        yield Door(f"http://127.0.0.1:{port}", str(subject.tier.run.authority), region)
    finally:
        asyncio.run_coroutine_threadsafe(tunnel.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def not_refused(tried: Mapping[str, Callable[[], Any]]) -> list[str]:
    """Those of the calls that the gate let through, or that ended otherwise, and how."""
    passed = []
    for name, call in tried.items():
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED:
                passed.append(f"{name} ({error.response['Error']['Code']})")
            elif UNJUDGED in str(error):
                passed.append(f"{name} (refused unread: {error})")
        else:
            passed.append(name)
    return passed


def failed(done: Mapping[str, Callable[[], Any]]) -> list[str]:
    """Those of the calls that went wrong, and how."""
    wrong = []
    for name, call in done.items():
        try:
            call()
        except ClientError as error:
            wrong.append(f"{name}: {error}")
    return wrong
