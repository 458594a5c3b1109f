"""The local AWS of these tests, started once; each test has an account of its own in it."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from tests.local_aws import served
from tests.operate.server import REGION
from tests.operate.world import World, next_number


@pytest.fixture(scope="session", autouse=True)
def models() -> Iterator[None]:
    """Each session would read AWS's descriptions of its services anew, which takes longer than the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests.operate.server", tmp_path_factory.mktemp("aws")) as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds the credentials, the profiles or the cdk.json of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def world(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """An account, with a user in it whose credentials are in the environment."""
    world = World(endpoint, REGION, next_number(), "", "")
    iam = world("iam")
    iam.create_user(UserName="operator")
    iam.attach_user_policy(UserName="operator", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    world.key, world.secret = key["AccessKeyId"], key["SecretAccessKey"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", world.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", world.secret)
    return world
