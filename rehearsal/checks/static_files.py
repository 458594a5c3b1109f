"""The files that pages name, and the distribution that serves them, as a browser finds them."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.pinned import Pinned

PAGES = ("/admin/login/", "/docs")
_BESIDE = re.compile(r"url\(\s*[\"']?(?!data:|#)([^\"')]+)")  # what a style sheet names


@dataclass(frozen=True)
class Page:
    """A page of the service: the files it names, and its policy's sources by directive."""

    files: tuple[str, ...]
    policy: Mapping[str, str]


def page(subject: Subject, path: str) -> Page:
    """A page as the load balancer serves it.

    Raises:
        CheckError: it was answered otherwise than with a page.
    """
    with httpx.Client(transport=Pinned(subject.address, subject.domain, trusted(subject)), timeout=20) as client:
        answer = client.get(f"https://{subject.domain}{path}")
    if answer.status_code != 200:
        raise CheckError(f"{path} was answered {answer.status_code}: {answer.text[:160]}")
    reader = _Reader()
    reader.feed(answer.text)
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    return Page(tuple(reader.found), {name: sources for name, _, sources in parts})


def trusted(subject: Subject) -> ssl.SSLContext:
    """Trusts the rehearsal's authority, and nobody else."""
    return ssl.create_default_context(cafile=str(subject.tier.run.authority))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("href") if tag == "link" else given.get("src") if tag in ("script", "img") else None
        if address and address not in self.found:
            self.found.append(address)


@dataclass(frozen=True)
class Distribution:
    """The distribution of the tier's static files."""

    subject: Subject

    @property
    def origin(self) -> str:
        return self.subject.outputs["StaticOrigin"]

    @property
    def bucket(self) -> str:
        return self.subject.outputs["StaticBucket"]

    @property
    def host(self) -> str:
        return urlsplit(self.origin).netloc

    @cached_property
    def address(self) -> str:
        """Where its name leads."""
        found = self.subject.tier.addresses(self.host)
        if not found:
            raise CheckError(f"the distribution's name {self.host} leads nowhere")
        return found[0]

    @cached_property
    def record(self) -> dict[str, Any]:
        """What CloudFront says of it."""
        listed = self.subject.tier.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
        (found,) = [each for each in listed if each["DomainName"] == self.host]
        return dict(found)

    def get(self, path: str, *, host: str = "", **headers: str) -> httpx.Response:
        """What it answers for a path, over TLS that is verified for its name, or for that of another distribution."""
        name = host or self.host
        with httpx.Client(transport=Pinned(self.address, name, trusted(self.subject)), timeout=20) as client:
            return client.get(f"https://{name}{path}", headers={"Accept-Encoding": "identity", **headers})

    def forget(self) -> None:
        """Has it forget all that it keeps, as an operator would."""
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(time.time_ns())}
        self.subject.tier.client("cloudfront").create_invalidation(
            DistributionId=self.record["Id"], InvalidationBatch=batch
        )

    def path(self, address: str) -> str:
        """The path of a file that a page names.

        Raises:
            CheckError: it is named elsewhere.
        """
        if not address.startswith(f"{self.origin}/static/"):
            raise CheckError(f"a page names {address}, which is not of {self.origin}/static/")
        return address.removeprefix(self.origin)

    def body(self, path: str) -> bytes:
        """A file as it lies in the bucket.

        Raises:
            CheckError: it does not.
        """
        s3 = self.subject.tier.client("s3")
        try:
            found: bytes = s3.get_object(Bucket=self.bucket, Key=path.removeprefix("/"))["Body"].read()
        except s3.exceptions.NoSuchKey:
            raise CheckError(f"{path} is not in the bucket") from None
        return found


def names(subject: Subject) -> dict[str, str]:
    """The names that a browser asks for, with an address of each: the domain, and where its static files are another's."""
    known = {subject.domain: subject.address}
    if "StaticOrigin" in subject.outputs:
        files = Distribution(subject)
        known[files.host] = files.address
    return known


def beside(path: str, style: str) -> list[str]:
    """The paths of the files that a style sheet names."""
    return sorted({urlsplit(urljoin(path, found.strip())).path for found in _BESIDE.findall(style)})


def named(files: Distribution) -> list[str]:
    """The paths of what the pages name, once each; their policies must let a browser take it from there."""
    found: list[str] = []
    for each in PAGES:
        shown = page(files.subject, each)
        for directive in ("script-src", "style-src", "img-src"):
            if files.origin not in shown.policy.get(directive, "").split():
                raise CheckError(f"the policy of {each} forbids {files.origin}: {shown.policy.get(directive)}")
        found += [path for path in map(files.path, shown.files) if path not in found]
    return found
