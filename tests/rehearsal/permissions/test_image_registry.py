"""The image registry: its password acts as the role that asked for it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from rehearsal.cloud.permissions import Policy, Request, Verdict
from tests.rehearsal.permissions.world import ACCOUNT, APP_ROLE, HOST_ROLE, REGION, Bench, allow, arn, document

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


def ask(bench: Bench, method: str, path: str, password: str | None) -> Verdict:
    headers = {"host": HOST}
    if password:
        headers["authorization"] = "Basic " + base64.b64encode(f"AWS:{password}".encode()).decode()
    return bench.admit(Request.of(method=method, host=HOST, target=path, headers=headers))


def log_in(bench: Bench, role: str = HOST_ROLE) -> str:
    data = bench.client("ecr", role=role).get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == f"https://{HOST}"
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    return password


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/"),
        ("HEAD", "/v2/cdk-assets/manifests/latest"),
        ("GET", "/v2/cdk-assets/manifests/sha256:abc"),
        ("HEAD", "/v2/cdk-assets/blobs/sha256:abc"),
        ("GET", "/v2/cdk-assets/blobs/sha256:abc"),
    ],
)
def test_the_host_pulls_its_image(bench: Bench, method: str, path: str) -> None:
    assert ask(bench, method, path, log_in(bench)).status is None


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/v2/others/manifests/latest", "ecr:BatchGetImage"),
        ("PUT", "/v2/cdk-assets/manifests/latest", "ecr:PutImage"),
        ("POST", "/v2/cdk-assets/blobs/uploads/", "ecr:InitiateLayerUpload"),
        ("PATCH", "/v2/cdk-assets/blobs/uploads/1", "ecr:UploadLayerPart"),
        ("PUT", "/v2/cdk-assets/blobs/uploads/1", "ecr:CompleteLayerUpload"),
        ("DELETE", "/v2/cdk-assets/manifests/sha256:abc", "ecr:BatchDeleteImage"),
        ("GET", "/v2/cdk-assets/tags/list", "ecr:ListImages"),
    ],
)
def test_the_host_neither_pushes_nor_pulls_another(bench: Bench, method: str, path: str, action: str) -> None:
    verdict = ask(bench, method, path, log_in(bench))
    assert verdict.status == 403
    error = json.loads(verdict.body)["errors"][0]
    assert error["code"] == "DENIED" and action in error["message"]


def test_who_bears_no_password_is_asked_for_one(bench: Bench) -> None:
    verdict = ask(bench, "GET", "/v2/", None)
    assert verdict.status == 401
    assert verdict.headers["www-authenticate"].startswith("Basic realm=")


def test_a_made_up_password_is_refused(bench: Bench) -> None:
    assert ask(bench, "GET", "/v2/", "guess").status == 401


def test_a_role_without_the_permission_gets_no_password(bench: Bench) -> None:
    with pytest.raises(Exception, match="ecr:GetAuthorizationToken"):
        log_in(bench, APP_ROLE)


def test_what_the_registry_does_not_know_is_refused(bench: Bench) -> None:
    assert ask(bench, "GET", "/v2/_catalog", log_in(bench)).status == 405


def test_whoever_may_push_may_push(bench: Bench) -> None:
    push = allow("Push", ["ecr:GetAuthorizationToken"], "*"), allow("Put", "ecr:*", arn("ecr", "repository/cdk-assets"))
    bench.roles[APP_ROLE] = replace(bench.roles[APP_ROLE], policies=(Policy("Push", document(*push)),))
    assert ask(bench, "PUT", "/v2/cdk-assets/manifests/latest", log_in(bench, APP_ROLE)).status is None


def test_the_deployers_password_passes_ungated(bench: Bench) -> None:
    client = bench.client_with("ecr", ACCOUNT, "test")
    token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().removeprefix("AWS:")
    verdict = ask(bench, "PUT", "/v2/cdk-assets/manifests/latest", password)
    assert verdict.status is None and not verdict.gated
