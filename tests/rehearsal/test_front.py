"""AWS's host names lead to what MiniStack knows them by."""

from __future__ import annotations

import pytest

pytest.importorskip("trustme")

from rehearsal.cloud.front import backend_path


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        (
            "backups.s3.us-east-1.amazonaws.com",
            "/pgbackrest/a%20b?list-type=2",
            "/backups/pgbackrest/a%20b?list-type=2",
        ),
        ("backups.s3.amazonaws.com:443", "/", "/backups/"),
        ("s3.us-east-1.amazonaws.com", "/backups/x", "/backups/x"),
        ("cloudformation-waitcondition-us-east-1.s3.us-east-1.amazonaws.com", "/signal/1", "/signal/1"),
        ("ssm.us-east-1.amazonaws.com", "/", "/"),
        ("000000000000.dkr.ecr.us-east-1.amazonaws.com", "/v2/repo/manifests/1", "/v2/repo/manifests/1"),
    ],
)
def test_a_host_name_leads_to_its_service(host: str, path: str, expected: str) -> None:
    assert backend_path(host, path) == expected
