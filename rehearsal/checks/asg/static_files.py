"""Static files: out of the bucket by way of the distribution and no other, and there before a page names them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import PurePosixPath

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.pinned import Pinned
from rehearsal.checks.sessions import typed_by_an_operator
from rehearsal.checks.static_files import Distribution, beside, named, trusted

_KINDS = {".css": ("text/css",), ".js": ("text/javascript", "application/javascript"), ".svg": ("image/svg+xml",)}
_TYPES_OF_TEXT = {".css", ".js"}
_LEAST = 8  # files that the two pages name
_HASH = re.compile(r"\.([0-9a-f]{12})(\.|$)")
_TRY_IN_A_CONTAINER = """
import json, sys
import boto3
from botocore.exceptions import ClientError
bucket, key = sys.argv[1:]
s3 = boto3.client("s3")
tries = {
    "read": lambda: s3.get_object(Bucket=bucket, Key=key),
    "write": lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"x"),
    "list": lambda: s3.list_objects_v2(Bucket=bucket),
}
told = {}
for name, ask in tries.items():
    try:
        ask()
        told[name] = "allowed"
    except ClientError as error:
        told[name] = error.response["Error"]["Code"]
print(json.dumps(told))
"""


@check("asg")
def each_static_file_that_a_page_names_comes_from_the_bucket_through_the_distribution(subject: Subject) -> str:
    files = Distribution(subject)
    paths = named(files)
    files.forget()
    for path in list(paths):
        if path.endswith(".css"):
            paths += [each for each in beside(path, files.body(path).decode()) if each not in paths]
    if len(paths) < _LEAST:
        raise CheckError(f"the pages name {len(paths)} files alone: {paths}")
    for path in paths:
        _must_come_whole(files, path)
    plain = httpx.get(f"http://{files.address}{paths[0]}", headers={"Host": files.host}, timeout=10)
    if (plain.status_code, plain.headers.get("Location")) != (301, f"{files.origin}{paths[0]}"):
        raise CheckError(f"plain HTTP was answered {plain.status_code}, Location {plain.headers.get('Location')}")
    largest = max((path for path in paths if path.endswith(".js")), key=lambda path: len(files.body(path)))
    zipped = files.get(largest, **{"Accept-Encoding": "gzip"})
    if zipped.headers.get("Content-Encoding") != "gzip" or zipped.content != files.body(largest):
        raise CheckError(f"{largest} was not compressed for who takes gzip: {dict(zipped.headers)}")
    share = 100 * int(zipped.headers["Content-Length"]) / len(zipped.content)
    return f"{len(paths)} files of {files.host}, each hashed as its name says; the largest compressed to {share:.0f} %"


@check("asg")
def the_bucket_of_static_files_refuses_everybody_but_its_own_distribution(subject: Subject) -> str:
    files = Distribution(subject)
    path = named(files)[0]
    key = path.removeprefix("/")
    if (served := files.get(path).status_code) != 200:
        raise CheckError(
            f"the distribution itself was answered {served} for {path}, so that no refusal proves anything"
        )
    began = time.time()
    try:
        with _another_distribution(files) as host:
            refusals = {
                "another distribution": str(files.get(path, host=host).status_code),
                **_anonymous(files, key),
                **_a_machine(files, key),
                **_a_container(files, key),
            }
    finally:
        subject.provoked.append((began, time.time()))
    if allowed := {who: said for who, said in refusals.items() if said not in ("403", "AccessDenied")}:
        raise CheckError(f"not refused as it should be: {allowed}")
    return f"{len(refusals)} refused: {', '.join(refusals)}"


@check("asg", takes=lambda: "" if shutil.which("aws") else "the AWS CLI (aws)")
def a_static_file_that_was_lost_is_published_again_by_the_runbook(subject: Subject) -> str:
    files = Distribution(subject)
    path = named(files)[0]
    whole = files.body(path)
    subject.tier.client("s3").delete_object(Bucket=files.bucket, Key=path.removeprefix("/"))
    files.forget()
    if (status := files.get(path).status_code) != 403:
        raise CheckError(f"{path} was deleted, and answered {status}")
    files.forget()  # CloudFront keeps errors for ten seconds
    function = subject.outputs["Publisher"]
    page = "Static files are missing"
    typed_by_an_operator(subject, page, service="lambda", log="publish-again", PUBLISHER=function)
    answer = files.get(path)
    if answer.status_code != 200 or answer.content != whole:
        raise CheckError(f"{path} is still missing after the runbook's command: {answer.status_code}")
    return f"{path} came back, with the same {len(whole)} bytes"


def _must_come_whole(files: Distribution, path: str) -> None:
    """A file is there, is what its name says, says what it is and how long it may be kept, and is kept."""
    pages = f"https://{files.subject.domain}"
    answer = files.get(path, Origin=pages)
    if answer.status_code != 200:
        raise CheckError(f"{path} was answered {answer.status_code}")
    hashed = _HASH.search(PurePosixPath(path).name)
    if hashed is None or hashlib.md5(answer.content, usedforsecurity=False).hexdigest()[:12] != hashed[1]:
        raise CheckError(f"{path} is not what its name says")
    if answer.content != files.body(path):
        raise CheckError(f"{path} is not what the bucket has")
    suffix, kind = PurePosixPath(path).suffix, answer.headers.get("Content-Type", "")
    known, sort = _KINDS.get(suffix, ()), kind.partition(";")[0]
    if (known and sort not in known) or (suffix in _TYPES_OF_TEXT and "charset=utf-8" not in kind):
        raise CheckError(f"{path} says that it is {kind!r}")
    for name, wanted in {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": pages,
        "Strict-Transport-Security": "max-age=31536000",
        "X-Cache": "Miss from cloudfront",
    }.items():
        if answer.headers.get(name) != wanted:
            raise CheckError(f"{path} came with {name}: {answer.headers.get(name)}, not {wanted}")
    again = files.get(path, Origin=pages)
    if (again.headers.get("X-Cache"), again.content) != ("Hit from cloudfront", answer.content):
        raise CheckError(f"{path} was not kept: {again.status_code}, {again.headers.get('X-Cache')}")


@contextlib.contextmanager
def _another_distribution(files: Distribution) -> Iterator[str]:
    """The name of a distribution that is made like the stack's own, in front of the same bucket, for the length of a block."""
    cloudfront = files.subject.tier.client("cloudfront")
    config = cloudfront.get_distribution_config(Id=files.record["Id"])["DistributionConfig"]
    made = cloudfront.create_distribution(DistributionConfig={**config, "CallerReference": str(time.time_ns())})
    id = made["Distribution"]["Id"]
    try:
        yield str(made["Distribution"]["DomainName"])
    finally:
        found = cloudfront.get_distribution_config(Id=id)
        off = {**found["DistributionConfig"], "Enabled": False}
        tag = cloudfront.update_distribution(Id=id, IfMatch=found["ETag"], DistributionConfig=off)["ETag"]
        cloudfront.delete_distribution(Id=id, IfMatch=tag)


def _anonymous(files: Distribution, key: str) -> dict[str, str]:
    """What S3 itself answers somebody without credentials."""
    subject = files.subject
    name = f"{files.bucket}.s3.{subject.tier.session.region_name}.amazonaws.com"
    with httpx.Client(transport=Pinned(subject.tier.network.cloud, name, trusted(subject)), timeout=10) as client:
        return {
            f"anybody who would {what}": str(client.get(f"https://{name}/{path}").status_code)
            for what, path in (("read", key), ("list", "?list-type=2"))
        }


def _a_machine(files: Distribution, key: str) -> dict[str, str]:
    """What a machine's own role is answered."""
    told = {}
    for what, command in {
        "read": f"get-object --bucket {files.bucket} --key {key} /tmp/static",
        "write": f"put-object --bucket {files.bucket} --key {key} --body /etc/hostname",
    }.items():
        done = files.subject.host.run(
            "bash", "-c", f"set -a; . /etc/fines/boot.env; set +a; aws s3api {command}", check=False, timeout=60
        )
        said = re.search(r"\((\w+)\)", done.stderr)
        told[f"a machine that would {what}"] = "allowed" if done.returncode == 0 else said[1] if said else done.stderr
    return told


def _a_container(files: Distribution, key: str) -> dict[str, str]:
    """What the service's own role is answered."""
    script = (
        f"podman exec -i $(podman ps -q --filter name=fines-web | head -n 1) /venv/bin/python - {files.bucket} {key}"
    )
    done = files.subject.host.run("sh", "-c", script, input=_TRY_IN_A_CONTAINER, timeout=90, check=False)
    if done.returncode:
        raise CheckError(f"a container could not try: {done.stderr.strip()[-300:]}")
    return {f"a container that would {what}": said for what, said in json.loads(done.stdout).items()}
