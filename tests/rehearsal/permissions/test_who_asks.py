"""A request is traced to a role's session: forged, altered, stale and expired ones are refused."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Refusal, Request, Role, Sessions
from rehearsal.cloud.permissions.onward import onward
from rehearsal.cloud.permissions.sigv4 import credential_of, verify
from tests.rehearsal.permissions.world import ACCOUNT, HOST_ROLE, INSTANCE, REGION, Bench

PARAMETER = "/fines/dev/single/release"


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_forged_secret_is_refused(bench: Bench) -> None:
    given = bench.sessions.issue(HOST_ROLE, source=INSTANCE)
    for service, expected in (
        ("ssm", "InvalidSignatureException"),
        ("sts", "SignatureDoesNotMatch"),
        ("s3", "SignatureDoesNotMatch"),
        ("ec2", "AuthFailure"),
    ):
        client = bench.client_with(service, given.access_key, "not the secret", given.token)
        call = {
            "ssm": "describe_parameters",
            "sts": "get_caller_identity",
            "s3": "list_buckets",
            "ec2": "describe_volumes",
        }
        with pytest.raises(ClientError) as refused:
            getattr(client, call[service])()
        assert code_of(refused) == expected


def test_a_session_without_its_token_is_refused(bench: Bench) -> None:
    given = bench.sessions.issue(HOST_ROLE, source=INSTANCE)
    for token in (None, "another"):
        with pytest.raises(ClientError) as refused:
            bench.client_with("ssm", given.access_key, given.secret, token).get_parameter(Name=PARAMETER)
        assert code_of(refused) == "UnrecognizedClientException"


def test_an_expired_session_is_refused(bench: Bench) -> None:
    given = bench.sessions.issue(HOST_ROLE, source=INSTANCE, seconds=-1)
    for service, call, parameters, expected in (
        ("ssm", "get_parameter", {"Name": PARAMETER}, "ExpiredTokenException"),
        ("s3", "get_object", {"Bucket": "backups", "Key": "pgbackrest/x"}, "ExpiredToken"),
        ("sts", "get_caller_identity", {}, "ExpiredToken"),
    ):
        client = bench.client_with(service, given.access_key, given.secret, given.token)
        with pytest.raises(ClientError) as refused:
            getattr(client, call)(**parameters)
        assert code_of(refused) == expected


def test_revoked_sessions_are_refused_and_new_ones_are_not(bench: Bench) -> None:
    client = bench.client("ssm")
    bench.sessions.revoke(HOST_ROLE)
    with pytest.raises(ClientError) as refused:
        client.get_parameter(Name=PARAMETER)
    assert code_of(refused) == "ExpiredTokenException"
    bench.passes(lambda: bench.client("ssm").get_parameter(Name=PARAMETER))


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"Name": "/other"}'},
        {"path": "/x"},
        {"method": "GET"},
        {"query": (("Action", "x"),)},
        {"host": "ssm.eu-west-1.amazonaws.com", "headers": {"host": "ssm.eu-west-1.amazonaws.com"}},
        {"headers": {"x-amz-target": "AmazonSSM.DeleteParameter"}},
    ],
    ids=["body", "path", "method", "query", "host", "target"],
)
def test_a_request_that_was_altered_on_its_way_is_refused(bench: Bench, change: dict[str, object]) -> None:
    headers = {"x-amz-target": "AmazonSSM.GetParameter", "content-type": "application/x-amz-json-1.1"}
    request = bench.signed("ssm", headers=headers, body=b'{"Name": "/fines/dev/single/release"}')
    assert bench.admit(request).allowed
    if "headers" in change:
        change = {**change, "headers": {**request.headers, **change["headers"]}}  # type: ignore[dict-item]
    altered = bench.admit(replace(request, **change))  # type: ignore[arg-type]
    assert not altered.allowed
    assert b"InvalidSignature" in altered.body


def test_a_header_of_amazons_that_is_not_signed_is_refused(bench: Bench) -> None:
    request = bench.signed("s3", method="GET", host=f"backups.s3.{REGION}.amazonaws.com", path="/pgbackrest/x")
    assert bench.admit(request).allowed
    verdict = bench.admit(replace(request, headers={**request.headers, "x-amz-copy-source": "backups/pgbackrest/y"}))
    assert verdict.status == 403 and b"not signed" in verdict.body


def test_a_request_of_an_hour_ago_is_refused(bench: Bench) -> None:
    request = bench.signed("sts", body=b"Action=GetCallerIdentity&Version=2011-06-15")
    credential = credential_of(request)
    assert credential is not None
    secret = bench.sessions.session(credential.access_key).credentials.secret  # type: ignore[union-attr]
    verify(request, credential, secret=secret)
    with pytest.raises(Refusal) as refused:
        verify(request, credential, secret=secret, now=datetime.now(UTC) + timedelta(hours=1))
    assert refused.value.code == "RequestTimeTooSkewed"


def presigned(bench: Bench, version: str = "s3v4", **more: int) -> Request:
    url = bench.client("s3", config={"signature_version": version}).generate_presigned_url(
        "get_object", Params={"Bucket": "backups", "Key": "pgbackrest/año 1+2"}, **more
    )
    host, slash, target = url.removeprefix("https://").partition("/")
    return Request.of(method="GET", host=host, target=slash + target, headers={"host": host})


def test_a_presigned_url_is_judged_by_its_signers_role(bench: Bench) -> None:
    request = presigned(bench)
    verdict = bench.admit(request)
    assert verdict.allowed and verdict.question is not None
    assert verdict.question.resource == "arn:aws:s3:::backups/pgbackrest/año 1+2"
    assert verdict.question.context["s3:authType"] == "REST-QUERY-STRING"
    assert bench.admit(replace(request, path="/pgbackrest/other")).status == 403
    changed = tuple((n, "604800" if n == "X-Amz-Expires" else v) for n, v in request.query)
    assert bench.admit(replace(request, query=changed)).status == 403


def test_a_url_that_is_presigned_with_version_2_is_refused_as_s3_does_for_new_buckets(bench: Bench) -> None:
    verdict = bench.admit(presigned(bench, "s3"))
    assert verdict.status == 400 and b"Please use AWS4-HMAC-SHA256" in verdict.body


def test_a_presigned_url_goes_on_without_its_signature_and_with_its_signer(bench: Bench) -> None:
    request = presigned(bench)
    request = replace(request, query=(*request.query, ("response-content-type", "image/jpeg"), ("versionId", "a b")))
    found = onward(request)
    assert found is not None
    target, headers = found
    assert target == f"{request.path}?response-content-type=image/jpeg&versionId=a%20b"
    credential = credential_of(Request.of(method="GET", host=request.host, target=target, headers=headers))
    assert credential is not None and bench.sessions.role_of(credential.access_key) == HOST_ROLE
    assert onward(bench.signed("ssm")) is None


def test_a_presigned_url_ends(bench: Bench) -> None:
    request = presigned(bench, ExpiresIn=1)
    time.sleep(2.1)
    verdict = bench.admit(request)
    assert verdict.status == 403 and b"Request has expired" in verdict.body


def test_a_streamed_upload_is_judged_by_its_head(bench: Bench) -> None:
    client = bench.client("s3", config={"request_checksum_calculation": "when_required"})
    stream = io.BytesIO(b"x" * 100_000)
    verdict = bench.passes(lambda: client.put_object(Bucket="backups", Key="pgbackrest/big", Body=stream))
    assert verdict.question is not None and verdict.question.action == "s3:PutObject"
    client = bench.client("s3")  # with a checksum in the trailer
    bench.passes(lambda: client.put_object(Bucket="backups", Key="pgbackrest/big", Body=b"x" * 100_000))


def test_keys_that_were_not_issued_pass_ungated_and_are_written_down(bench: Bench) -> None:
    verdict = bench.passes(lambda: bench.client_with("ssm", ACCOUNT, "test").delete_parameter(Name="/anything"))
    assert not verdict.gated
    assert not bench.ledger.refused() and not bench.ledger.used(HOST_ROLE)


def test_a_strict_gate_refuses_keys_that_were_not_issued_but_for_the_trusted(bench: Bench) -> None:
    bench.strict = True
    bench.passes(lambda: bench.client_with("ssm", ACCOUNT, "test").delete_parameter(Name="/anything"))
    with pytest.raises(ClientError) as refused:
        bench.client_with("ssm", "AKIAIOSFODNN7EXAMPLE", "test").delete_parameter(Name="/anything")
    assert code_of(refused) == "UnrecognizedClientException"


def test_unsigned_requests_are_refused_but_for_those_aws_allows(bench: Bench) -> None:
    def unsigned(host: str, method: str = "GET", target: str = "/", body: bytes = b"") -> Request:
        headers = {"host": host, "content-type": "application/x-www-form-urlencoded"}
        return Request.of(method=method, host=host, target=target, headers=headers, body=body)

    sts = f"sts.{REGION}.amazonaws.com"
    assert bench.admit(unsigned(sts, "POST", body=b"Action=GetCallerIdentity&Version=2011-06-15")).status == 403
    web = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=x&WebIdentityToken=y&RoleSessionName=z"
    assert bench.admit(unsigned(sts, "POST", body=web)).allowed
    assert bench.admit(unsigned(f"backups.s3.{REGION}.amazonaws.com", target="/pgbackrest/x")).status == 403
    missing = bench.admit(unsigned(f"no-such-bucket.s3.{REGION}.amazonaws.com", target="/x"))
    assert missing.status == 404 and b"NoSuchBucket" in missing.body
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}
    bench.resource_policies["arn:aws:s3:::public"] = {"Version": "2012-10-17", "Statement": [anyone]}
    assert bench.admit(unsigned(f"public.s3.{REGION}.amazonaws.com", target="/x")).allowed
    assert bench.admit(unsigned("unknown.example.com")).status == 403


def test_who_knows_a_wait_handles_url_may_put_to_it_and_do_no_more(bench: Bench) -> None:
    host = f"cloudformation-waitcondition-{REGION}.s3.{REGION}.amazonaws.com"
    request = Request.of(method="PUT", host=host, target="/_signal/abc", headers={"host": host}, body=b"{}")
    assert bench.admit(request).allowed
    assert not bench.admit(replace(request, method="GET")).allowed


def test_a_session_whose_role_is_gone_is_refused(bench: Bench) -> None:
    client = bench.client("ssm")
    role: Role = bench.roles.pop(HOST_ROLE)
    with pytest.raises(ClientError) as refused:
        client.get_parameter(Name=PARAMETER)
    assert code_of(refused) == "UnrecognizedClientException"
    bench.roles[HOST_ROLE] = role


def test_sessions_are_announced_as_they_are_issued() -> None:
    told: list[str] = []
    sessions = Sessions(announce=lambda session: told.append(session.principal_arn))
    given = sessions.issue("arn:aws:iam::123456789012:role/path/to/Role", source="i-1")
    assert told == ["arn:aws:sts::123456789012:assumed-role/Role/i-1"]
    assert sessions.role_of(given.access_key) == "arn:aws:iam::123456789012:role/path/to/Role"
    assert given.secret not in repr(sessions.session(given.access_key))


def test_no_secret_is_written_down(bench: Bench, tmp_path: Path) -> None:
    client = bench.client("ssm")
    with pytest.raises(ClientError):
        client.get_parameter(Name="/other")
    credentials = client._request_signer._credentials
    assert credentials.secret_key not in str(bench.ledger.refused())
    assert credentials.token not in str(bench.ledger.refused())
