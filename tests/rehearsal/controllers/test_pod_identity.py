"""Pods of an associated account are told where their role's credentials are, and nobody else is given any."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from rehearsal.controllers.pod_identity import AUDIENCE, Agent, changes
from rehearsal.machines.metadata import Credentials

ROLE = "arn:aws:iam::000000000000:role/web"


def role(namespace: str, account: str) -> str:
    return ROLE if (namespace, account) == ("fines", "web") else ""


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"containers": [{"name": "a"}], "serviceAccountName": "web", **spec}}


def test_each_container_of_an_associated_account_is_told_where_its_token_and_the_agent_are() -> None:
    given = pod(
        initContainers=[{"name": "i", "env": [{"name": "AWS_REGION", "value": "eu-west-1"}]}], volumes=[{"name": "v"}]
    )
    patch = {each["path"]: each["value"] for each in changes(role, "us-east-1")("fines", given)}
    assert [each["name"] for each in patch["/spec/volumes"]] == ["v", "eks-pod-identity-token"]
    token = patch["/spec/volumes"][1]["projected"]["sources"][0]["serviceAccountToken"]
    assert token["audience"] == AUDIENCE
    env = {each["name"]: each["value"] for each in patch["/spec/containers/0/env"]}
    assert env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://169.254.170.23/v1/credentials"
    mount = patch["/spec/containers/0/volumeMounts"][-1]
    assert env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == f"{mount['mountPath']}/{token['path']}"
    first = {each["name"]: each["value"] for each in patch["/spec/initContainers/0/env"]}
    assert first["AWS_REGION"] == "eu-west-1"  # what a container says itself stays


@pytest.mark.parametrize(("namespace", "account"), [("fines", "dumps"), ("other", "web"), ("fines", None)])
def test_a_pod_of_another_account_stays_as_it_is(namespace: str, account: str | None) -> None:
    assert changes(role, "us-east-1")(namespace, pod(serviceAccountName=account)) == []


def _ask(token: str | None) -> tuple[int, Any]:
    issued: list[str] = []

    def issue(role: str, source: str) -> Credentials:
        issued.append(role)
        return Credentials("key", "secret", "token", time.time() + 3600)

    def review(token: str, audience: str) -> tuple[str, str] | None:
        assert audience == AUDIENCE
        return {"web's": ("fines", "web"), "dumps'": ("fines", "dumps")}.get(token)

    async def asked() -> tuple[int, Any]:
        port = await Agent(review=review, role=role, issue=issue).start(address="127.0.0.1")
        headers = {"Authorization": token} if token else {}
        async with aiohttp.ClientSession() as session:
            answers = []
            for _ in range(2):
                async with session.get(f"http://127.0.0.1:{port}/v1/credentials", headers=headers) as answer:
                    answers.append(
                        (answer.status, await answer.json() if answer.status == 200 else await answer.text())
                    )
        assert len(issued) <= 1  # a session is kept until shortly before its end
        return answers[1]

    return asyncio.run(asked())


def test_a_pods_token_gets_its_roles_credentials() -> None:
    status, told = _ask("web's")
    assert status == 200
    assert (told["AccessKeyId"], told["SecretAccessKey"], told["Token"]) == ("key", "secret", "token")
    assert told["AccountId"] == "000000000000"


@pytest.mark.parametrize(("token", "status"), [(None, 400), ("nobody's", 400), ("dumps'", 404)])
def test_no_token_somebody_elses_and_one_without_a_role_get_nothing(token: str | None, status: int) -> None:
    assert _ask(token)[0] == status
