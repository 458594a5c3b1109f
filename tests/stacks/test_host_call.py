"""One call of AWS from the host's shell: its words, its answers, and how it ends when there is none."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from stacks.parts.machine import HOST_FILES
from tests.local_aws import served


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests.operate.server", tmp_path_factory.mktemp("aws")) as endpoint:
        yield endpoint


def call(endpoint: str, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    own = {"FINES_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    command = [sys.executable, str(HOST_FILES / "bin/call"), *words]
    return subprocess.run(command, input=given, env=os.environ | own | keys, check=False, capture_output=True)


def test_what_standard_input_holds_goes_into_an_object_and_comes_out_as_it_was(endpoint: str) -> None:
    given = bytes(range(256)) * 40
    assert call(endpoint, "s3", "create-bucket", "Bucket=keys").returncode == 0
    assert call(endpoint, "s3", "put-object", "Bucket=keys", "Key=a=b", "Body@", given=given).returncode == 0
    assert call(endpoint, "s3", "get-object", "Bucket=keys", "Key=a=b").stdout == given
    listed = json.loads(call(endpoint, "s3", "list-objects-v2", "Bucket=keys", "MaxKeys:=20").stdout)
    assert [each["Key"] for each in listed["Contents"]] == ["a=b"]
    assert datetime.fromisoformat(listed["Contents"][0]["LastModified"]).tzinfo


def test_numbers_truths_and_lists_are_json_and_text_is_text(endpoint: str) -> None:
    data = '[{"MetricName": "Age", "Value": 1.5}]'
    done = call(endpoint, "cloudwatch", "put-metric-data", "Namespace=Fines", f"MetricData:={data}")
    assert (done.returncode, json.loads(done.stdout)) == (0, {})
    words = ("Name=/of/digits", "Type=String", "Value=007", "Overwrite:=true")
    assert call(endpoint, "ssm", "put-parameter", *words).returncode == 0
    answer = json.loads(call(endpoint, "ssm", "get-parameter", "Name=/of/digits").stdout)
    assert answer["Parameter"]["Value"] == "007"


def test_a_refusal_ends_with_254_and_awss_own_words(endpoint: str) -> None:
    done = call(endpoint, "s3", "get-object", "Bucket=keys", "Key=nothing")
    assert (done.returncode, done.stdout) == (254, b"")
    assert b"(NoSuchKey)" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Name",), b"is no parameter: write Name=text, Name:=JSON or Name@"),
        (("Name:=[",), b"ssm get-parameter: "),
        (("Nombre=x",), b'Unknown parameter in input: "Nombre"'),
    ],
)
def test_words_that_are_none_are_told_of(endpoint: str, words: tuple[str, ...], says: bytes) -> None:
    done = call(endpoint, "ssm", "get-parameter", *words)
    assert (done.returncode, done.stdout) == (255, b"")
    assert says in done.stderr


def test_an_aws_that_is_away_ends_with_255() -> None:
    done = call("http://127.0.0.1:9", "ssm", "get-parameter", "Name=/fines")
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"Could not connect" in done.stderr


def test_without_an_operation_it_says_how_it_is_used(endpoint: str) -> None:
    done = call(endpoint, "ssm")
    assert done.returncode == 1 and b"call SERVICE OPERATION" in done.stderr


def test_the_watch_asks_again_once_there_are_credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(endpoint, "ssm", "put-parameter", "Name=/watched", "Type=String", "Value=now").returncode == 0
    watch = runpy.run_path(str(HOST_FILES / "bin/watch"))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nowhere")
    parameter = watch["Parameter"](name="/watched", region="us-east-1")
    with pytest.raises(OSError, match="Unable to locate credentials"):
        parameter.value()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    assert parameter.value() == "now"
