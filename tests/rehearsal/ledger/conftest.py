"""The local AWS of the ledger's tests, started once, and a small stack in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_aws import served
from tests.rehearsal.ledger.bench import Aws, Deployed, small_template
from tests.rehearsal.ledger.server import REGION


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A local AWS with the types that the rehearsal teaches it."""
    with served("tests.rehearsal.ledger.server", tmp_path_factory.mktemp("aws")) as endpoint:
        cloud = Aws(endpoint=endpoint, region=REGION)
        cloud("ssm").put_parameter(Name="/test/image", Value="ami-0123456789abcdef0", Type="String")
        cloud("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        yield cloud


@pytest.fixture
def stack(aws: Aws) -> Deployed:
    """The small template, deployed anew, so that a test may change it."""
    return aws.deploy(small_template())
