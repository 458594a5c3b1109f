"""GET /token: an app, and NGINX before it takes a file, ask whether a token works."""

import pytest
from infracciones import tokens

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/token", "/token/"])
def test_a_token_that_works_names_its_officer(client, officer, path):
    answer = client.get(path, headers={"Authorization": f"Bearer {officer.token}"})
    assert answer.status_code == 200
    assert answer.json()["oficial"] == officer.numero
    assert client.head(path, headers={"Authorization": f"Bearer {officer.token}"}).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ñ", "Basic YTpi", "Bearer " + "x" * 5000])
def test_any_other_is_refused(client, officer, header):
    answer = client.get("/token", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["mensaje"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_is_refused(client, officer):
    tokens.revoke(officer)
    assert client.get("/token", headers={"Authorization": f"Bearer {officer.token}"}).status_code == 401


def test_nothing_is_posted_here(client, officer):
    assert client.post("/token", headers={"Authorization": f"Bearer {officer.token}"}).status_code == 405
