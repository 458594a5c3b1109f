"""What stands behind CloudFront: names of distributions lead to an edge here, and buckets are read as their policies let CloudFront.

A request that misses the edge's cache goes on to MiniStack's own distribution, which knows origins, functions and policies of
headers; whether it may read an object is asked of the gate, as CloudFront asks S3.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ministack.core.responses import request_scope
from ministack.services import cloudfront, s3
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.names import Names
from rehearsal.cloud.permissions import Check, Gate
from rehearsal.cloud.policies import Properties

DISTRIBUTION = "AWS::CloudFront::Distribution"
PRINCIPAL = "cloudfront.amazonaws.com"
_PATIENCE = 30.0


@dataclass(frozen=True)
class Behaviour:
    """How a distribution keeps what it serves, in seconds, and whether it compresses."""

    least: float
    unless_said: float
    most: float
    keyed_by_path: bool  # and by nothing else of a request; only then is anything kept here
    compresses: bool

    def seconds(self, cache_control: str) -> float:
        """How long a good answer is kept (CloudFront developer guide, "Managing how long content stays in the cache")."""
        words = {
            part.strip().partition("=")[0].lower(): part.strip().partition("=")[2] for part in cache_control.split(",")
        }
        if words.keys() & {"no-cache", "no-store", "private"}:
            return self.least
        said = words.get("s-maxage") or words.get("max-age")
        wanted = float(said) if said and said.isdecimal() else self.unless_said
        return min(max(wanted, self.least), self.most)


class Distributions:
    """Plays the distributions of all stacks. Only a default behaviour is played; the template of one with others is refused."""

    def __init__(self, *, names: Names, edge: str, account: str, region: str) -> None:
        """`edge` is the address that serves all of them."""
        self._names, self._edge, self._account, self._region = names, edge, account, region
        self._gate: tuple[Gate, asyncio.AbstractEventLoop] | None = None
        self._judged = threading.Event()
        handlers = provisioners._RESOURCE_HANDLERS[DISTRIBUTION]
        self._plain = dict(handlers)
        handlers.update(create=self._create, update=self._update, delete=self._delete)
        s3._cloudfront_origin_allows = self._may_be_read

    def judged_by(self, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        """From now on this gate, which lives in that loop, says what CloudFront may read."""
        self._gate = gate, loop
        self._judged.set()

    def behaviour(self, host: str) -> Behaviour | None:
        """That of the distribution of a name; None where there is no such distribution, or it is disabled."""
        with self._scope():
            record = cloudfront.find_distribution_for_label(_label(host))
            if record is None or not record["enabled"]:
                return None
            default = _find(ElementTree.fromstring(record["config_xml"]), "DefaultCacheBehavior")  # noqa: S314 - MiniStack's own
            policy = _cache_policy(_text(default, "CachePolicyId"))
        keyed = policy["Parameters"]
        return Behaviour(
            least=float(policy["MinTTL"]),
            unless_said=float(policy.get("DefaultTTL", 86_400)),
            most=float(policy.get("MaxTTL", 31_536_000)),
            keyed_by_path={keyed[f"{each}Behavior"] for each in ("Header", "Cookie", "QueryString")} == {"none"},
            compresses=_text(default, "Compress") == "true" and keyed["EnableAcceptEncodingGzip"],
        )

    def invalidations(self, host: str) -> list[list[str]]:
        """The paths of each invalidation of a distribution, in their order."""
        with self._scope():
            record = cloudfront.find_distribution_for_label(_label(host))
            found = cloudfront._invalidations.get(record["Id"], []) if record else []
            return [list(each["InvalidationBatch"]["Paths"]["Items"]) for each in found]

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Any:
        _must_be_played(properties)
        id, attributes = self._plain["create"](logical_id, properties, stack)
        self._names.lead(attributes["DomainName"], [self._edge])
        return id, attributes

    def _update(self, id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        _must_be_played(new)
        return self._plain["update"](id, old, new, stack, logical_id)

    def _delete(self, id: str, properties: Properties) -> None:
        record = cloudfront._distributions.get(id)
        self._plain["delete"](id, properties)
        if record is not None:
            self._names.lead(record["DomainName"], [])

    def _may_be_read(self, owner: str, bucket: str, key: str, distribution: str, identity: str) -> bool:
        """Whether a bucket's policy lets CloudFront read an object for a distribution, by its ARN. Called on threads of MiniStack's."""
        if not distribution or not self._judged.wait(_PATIENCE):
            return False  # an origin without an access control of the kind that is current is not played
        assert self._gate is not None
        gate, loop = self._gate
        context = {
            "aws:SourceArn": distribution,
            "aws:SourceAccount": distribution.split(":")[4],
            "s3:TlsVersion": "1.2",
        }
        check = Check("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", context)
        return asyncio.run_coroutine_threadsafe(gate.admits_service(PRINCIPAL, check), loop).result(_PATIENCE)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        with request_scope(self._account, self._region):
            yield


def _must_be_played(properties: Properties) -> None:
    if properties["DistributionConfig"].get("CacheBehaviors"):
        raise ValueError(f"{DISTRIBUTION}: cache behaviours besides the default one are not played here")


def _cache_policy(id: str) -> Properties:
    found = cloudfront._cache_policies.get(id) or cloudfront._MANAGED_CACHE_POLICIES.get(id)
    if found is None:
        raise ValueError(f"the cache policy {id} is not known here")
    config: Properties = found["Config"]
    return config


def _label(host: str) -> str:
    return host.removesuffix(".cloudfront.net")


def _find(element: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(each for each in element.iter() if each.tag.rpartition("}")[2] == name)


def _text(element: ElementTree.Element, name: str) -> str:
    return next(((each.text or "").strip() for each in element if each.tag.rpartition("}")[2] == name), "")
