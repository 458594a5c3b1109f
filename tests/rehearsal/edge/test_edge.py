"""The stand-in for CloudFront serves what the bucket's policy lets it read, keeps it as long as it may, and says so."""

from __future__ import annotations

import gzip
import itertools
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("trustme")

from rehearsal.cloud.distributions import Behaviour
from rehearsal.cloud.permissions import Ledger
from tests.local_aws import served
from tests.rehearsal.edge.server import REGION
from tests.rehearsal.ledger.bench import Aws, Deployed
from tests.rehearsal.ledger.test_distributions import template

_FOR_EVER = "public, max-age=31536000, immutable"
_STYLE = b"p { color: black }\n" * 200
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bench:
    """The local AWS, and where its edge listens."""

    aws: Aws
    folder: Path
    secure: int
    plain: int

    def get(self, host: str, path: str, *, method: str = "GET", tls: bool = True, **headers: str) -> httpx.Response:
        """What the edge answers under a name, with a certificate that is checked for it."""
        trusted = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        with httpx.Client(verify=trusted) as client:
            url = f"https://127.0.0.1:{self.secure}{path}" if tls else f"http://127.0.0.1:{self.plain}{path}"
            told = {"Accept-Encoding": "identity", "Host": host, **headers}
            request = client.build_request(method, url, headers=told, extensions={"sni_hostname": host})
            return client.send(request)


@dataclass(frozen=True)
class Site:
    """A bucket behind a distribution, and its policy."""

    bench: Bench
    stack: Deployed

    @property
    def host(self) -> str:
        record = self.bench.aws("cloudfront").get_distribution(Id=self.stack.id("Served"))
        return str(record["Distribution"]["DomainName"])

    @property
    def bucket(self) -> str:
        return self.stack.id("Files")

    def put(self, key: str, body: bytes = _STYLE, kind: str = "text/css; charset=utf-8") -> None:
        self.bench.aws("s3").put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType=kind, CacheControl=_FOR_EVER
        )

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.bench.get(self.host, path, **more)

    def admit(self, arn: str, action: str = "s3:GetObject") -> None:
        """Gives the bucket the policy that lets CloudFront read for one distribution."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.bench.aws("s3").put_bucket_policy(Bucket=self.bucket, Policy=policy)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::000000000000:distribution/{self.stack.id('Served')}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("edge")
    with served("tests.rehearsal.edge.server", folder) as endpoint:
        deadline = time.monotonic() + 60
        while not (folder / "ports.json").exists():
            assert time.monotonic() < deadline, (folder / "server.log").read_text()[-2000:]
            time.sleep(0.1)
        secure, plain = json.loads((folder / "ports.json").read_text())
        yield Bench(Aws(endpoint=endpoint, region=REGION), folder, secure, plain)


@pytest.fixture(scope="module")
def site(bench: Bench) -> Site:
    found = Site(bench, bench.aws.deploy(template()))
    found.admit(found.arn)
    return found


@pytest.fixture
def path(site: Site) -> str:
    """A file of its own for each test, so that nothing of it is kept yet."""
    key = f"static/style{next(_numbers)}.css"
    site.put(key)
    return f"/{key}"


def test_a_file_comes_as_the_bucket_has_it_with_the_headers_of_the_policy(site: Site, path: str) -> None:
    answer = site.get(path, Origin="https://fines.example")
    assert (answer.status_code, answer.content) == (200, _STYLE)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == _FOR_EVER
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://fines.example"
    assert "Access-Control-Allow-Origin" not in site.get(path, Origin="https://elsewhere.example").headers


def test_a_second_answer_comes_from_what_was_kept_even_if_the_file_is_gone(site: Site, path: str) -> None:
    assert site.get(path).headers["X-Cache"] == "Miss from cloudfront"
    site.bench.aws("s3").delete_object(Bucket=site.bucket, Key=path[1:])
    again = site.get(path)
    assert (again.status_code, again.headers["X-Cache"], again.content) == (200, "Hit from cloudfront", _STYLE)
    assert int(again.headers["Age"]) < 60


def test_an_invalidation_ends_what_was_kept(site: Site, path: str) -> None:
    site.get(path)
    site.bench.aws("s3").delete_object(Bucket=site.bucket, Key=path[1:])
    batch = {"Paths": {"Quantity": 1, "Items": ["/static/*"]}, "CallerReference": path}
    site.bench.aws("cloudfront").create_invalidation(DistributionId=site.stack.id("Served"), InvalidationBatch=batch)
    assert site.get(path).status_code == 403  # what is not there and what may not be read look the same


def test_a_browser_that_takes_gzip_gets_it_and_another_does_not(site: Site, path: str) -> None:
    raw = site.get(path, **{"Accept-Encoding": "gzip, br"})
    assert raw.headers["Content-Encoding"] == "gzip" and raw.headers["Vary"] == "Accept-Encoding"
    assert raw.content == _STYLE  # httpx unpacks it
    assert int(raw.headers["Content-Length"]) == len(gzip.compress(_STYLE, 6))
    assert "Content-Encoding" not in site.get(path).headers


def test_plain_http_is_redirected_and_other_methods_are_refused(site: Site, path: str) -> None:
    plain = site.get(path, tls=False)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{site.host}{path}")
    assert site.get(path, method="POST").status_code == 403


def test_another_distributions_permission_is_no_permission(site: Site, path: str) -> None:
    site.admit(site.arn[:-1] + ("A" if site.arn[-1] != "A" else "B"))
    try:
        assert site.get(path).status_code == 403
        refused = Ledger.read(site.bench.folder / "permissions.jsonl").refused()
        assert (refused[-1].principal, refused[-1].action) == ("cloudfront.amazonaws.com", "s3:GetObject")
    finally:
        site.admit(site.arn)


def test_an_object_that_may_be_put_is_not_one_that_may_be_read(site: Site, path: str) -> None:
    site.admit(site.arn, action="s3:PutObject")
    try:
        assert site.get(path).status_code == 403
    finally:
        site.admit(site.arn)


@pytest.mark.parametrize("host", ["d0000000000000.cloudfront.net", "s3.us-east-1.amazonaws.com", "localhost"])
def test_a_name_that_is_no_distributions_leads_to_nothing(bench: Bench, host: str) -> None:
    bench.aws("s3").create_bucket(Bucket="private")
    bench.aws("s3").put_object(Bucket="private", Key="secret", Body=b"secret")
    answer = bench.get(host, "/private/secret", tls=False)
    assert (answer.status_code, b"secret" in answer.content) == (403, False)


def test_the_name_of_a_distribution_leads_to_the_edge_for_as_long_as_it_is_there(bench: Bench) -> None:
    stack = bench.aws.deploy(template())
    host = Site(bench, stack).host
    assert f"127.0.0.1 {host}\n" in (bench.folder / "names").read_text()
    formation = bench.aws("cloudformation")
    formation.delete_stack(StackName=stack.name)
    formation.get_waiter("stack_delete_complete").wait(
        StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert host not in (bench.folder / "names").read_text()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (_FOR_EVER, 31_536_000),
        ("max-age=99999999", 31_536_000),
        ("max-age=0", 1),
        ("s-maxage=30, max-age=90", 30),
        ("no-store", 1),
        ("", 86_400),
    ],
)
def test_an_answer_is_kept_for_as_long_as_it_says_within_the_policys_bounds(said: str, seconds: float) -> None:
    optimized = Behaviour(least=1, unless_said=86_400, most=31_536_000, keyed_by_path=True, compresses=True)
    assert optimized.seconds(said) == seconds
