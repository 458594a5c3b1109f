"""The function that rotates: each of the database's four secrets, through all steps, on a real database."""

import json
import secrets

import psycopg
import pytest
from fines.database import credentials as reading
from fines.functions import database, rotation
from fines.functions.roles import USERS, make_roles, set_password
from testing.postgres import SUPERUSER

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
WHO = {"master": "turns_master", "migrator": "turns_owner", "reader": "turns_reader", "service": USERS[0]}


class Manager:
    """Secrets Manager's books: versions of each secret by their ids, and which of them has which stage."""

    class exceptions:  # noqa: N801 - as boto3's clients have it
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, logins):
        self.texts = {(arn, "first"): json.dumps(login) for arn, login in logins.items()}
        self.stages = {arn: {"AWSCURRENT": "first"} for arn in logins}

    def begin(self, arn, version):
        """What RotateSecret does before it asks for the steps: a version that is to come, without a value."""
        self.stages[arn]["AWSPENDING"] = version

    def describe_secret(self, **asked):
        named = {}
        for stage, version in self.stages[asked["SecretId"]].items():
            named.setdefault(version, []).append(stage)
        return {"VersionIdsToStages": named}

    def get_secret_value(self, **asked):
        version = self.stages[asked["SecretId"]].get(asked["VersionStage"])
        if (asked["SecretId"], version) not in self.texts or asked.get("VersionId", version) != version:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.texts[asked["SecretId"], version]}

    def put_secret_value(self, **asked):
        place = asked["SecretId"], asked["ClientRequestToken"]
        assert place not in self.texts and asked["VersionStages"] == ["AWSPENDING"]
        self.texts[place] = asked["SecretString"]

    def update_secret_version_stage(self, **asked):
        stages, stage, before = self.stages[asked["SecretId"]], asked["VersionStage"], asked["RemoveFromVersionId"]
        assert stages[stage] == before
        stages |= {stage: asked["MoveToVersionId"], "AWSPREVIOUS": before}

    def get_random_password(self, **asked):
        assert asked["ExcludePunctuation"]
        return {"RandomPassword": secrets.token_hex(asked["PasswordLength"])[: asked["PasswordLength"]]}

    def current(self, arn):
        return json.loads(self.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])


@pytest.fixture
def manager(live_postgres, monkeypatch):
    """The four secrets, each with the password that the database knows."""
    logins = {who: {"username": user, "password": secrets.token_hex(12)} for who, user in WHO.items()}
    superuser = {
        "host": str(live_postgres.socket),
        "user": SUPERUSER,
        "password": live_postgres.password,
        "autocommit": True,
    }
    with psycopg.connect(dbname="postgres", **superuser) as connection:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = 'turns_master'").fetchone() is None:
            connection.execute("CREATE ROLE turns_master LOGIN CREATEROLE CREATEDB")
            connection.execute("CREATE DATABASE turns OWNER turns_master")
        set_password(connection, "turns_master", logins["master"]["password"])
    monkeypatch.setenv("DATABASE_HOST", str(live_postgres.socket))
    monkeypatch.setenv("DATABASE_NAME", "turns")
    monkeypatch.setenv("MASTER_SECRET_ARN", "master")
    monkeypatch.setenv("SERVICE_SECRET_ARN", "service")
    monkeypatch.setattr(database, "authority", lambda: "")  # a socket needs none
    with database.connect(logins["master"]) as connection:
        make_roles(connection, migrator=logins["migrator"], reader=logins["reader"])
        set_password(connection, USERS[0], logins["service"]["password"])
    books = Manager(logins)
    for module in (rotation, reading):
        monkeypatch.setattr(module, "manager", lambda: books)
    return books


def _rotate(manager, arn, version, steps=_STEPS):
    manager.begin(arn, version)
    for step in steps:
        rotation.handler({"SecretId": arn, "ClientRequestToken": version, "Step": step}, None)


@pytest.mark.parametrize("arn", WHO)
def test_each_secret_has_a_new_password_that_the_database_takes(manager, arn):
    before = manager.current(arn)
    _rotate(manager, arn, "second")
    now = manager.current(arn)
    assert now["password"] != before["password"] and len(now["password"]) == 48
    assert database.logs_in(now)
    # the service's two users take turns: who still has the value of before goes on working
    assert database.logs_in(before) is (arn == "service")
    assert (now["username"] == before["username"]) is (arn != "service")


def test_the_services_value_of_two_rotations_ago_opens_nothing(manager):
    values = [manager.current("service")]
    for version in ("second", "third"):
        _rotate(manager, "service", version)
        values.append(manager.current("service"))
    assert [each["username"] for each in values] == [USERS[0], USERS[1], USERS[0]]
    assert [database.logs_in(each) for each in values] == [False, True, True]


@pytest.mark.parametrize("arn", WHO)
def test_a_rotation_that_broke_off_after_any_step_is_taken_up_again(manager, arn):
    for count in range(1, len(_STEPS)):
        _rotate(manager, arn, f"try {count}", _STEPS[:count])
        _rotate(manager, arn, f"try {count}")
        assert database.logs_in(manager.current(arn))


def test_a_version_that_is_not_to_come_is_refused(manager):
    with pytest.raises(ValueError, match="no version unknown"):
        rotation.handler({"SecretId": "reader", "ClientRequestToken": "unknown", "Step": "setSecret"}, None)
    with pytest.raises(ValueError, match="is none of"):
        rotation.handler({"SecretId": "reader", "ClientRequestToken": "first", "Step": "nothing"}, None)
    before = manager.current("reader")
    rotation.handler({"SecretId": "reader", "ClientRequestToken": "first", "Step": "setSecret"}, None)
    assert manager.current("reader") == before and database.logs_in(before)
