"""A pod's part in a move to another tier: rows by way of the buckets for backups, photographs from bucket to bucket."""

import json
import secrets

import boto3
import pytest
from fines.jobs.move import compared
from testing import bucket
from testing.postgres import SUPERUSER
from testing.server import manage


@pytest.fixture
def pod(env, token, live_postgres, bucket_endpoint):
    """What a pod that moves data is given, and S3 as it sees it; two pairs of buckets of two tiers."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    s3, manager = (boto3.client(name, endpoint_url=bucket_endpoint, **keys) for name in ("s3", "secretsmanager"))
    names = {kind: f"{kind}-{secrets.token_hex(4)}" for kind in ("media-a", "media-b", "backups-a", "backups-b")}
    for name in names.values():
        s3.create_bucket(Bucket=name)
    login = json.dumps({"username": SUPERUSER, "password": live_postgres.password})
    arn = manager.create_secret(Name=f"service/{secrets.token_hex(4)}", SecretString=login)["ARN"]
    given = bucket.KEYS | {"AWS_ENDPOINT_URL": bucket_endpoint, "AWS_REGION": "us-east-1", "DATABASE_SECRET_ARN": arn}
    return env | given, s3, names


def move(env, *words):
    done = manage(env, "job", "move", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


def test_it_tells_the_state_and_the_sums_pauses_and_resumes(pod):
    env, _, _ = pod
    state = move(env, "state")
    assert state["paused"] == "" and state["pending"] == [] and state["migrations"]
    assert move(env, "sums")["tables"]
    move(env, "pause", "origen")
    try:
        assert move(env, "state")["paused"] == "origen"
    finally:
        move(env, "resume")
    assert move(env, "state")["paused"] == ""


def test_rows_go_by_way_of_the_buckets_and_what_is_there_is_not_sent_again(pod):
    env, s3, names = pod
    move(env, "digests", names["backups-b"])  # of the same database: it lacks nothing
    move(env, "send", names["backups-b"], names["backups-a"])
    taken = move(env, "take", names["backups-a"])
    assert taken["rows"] == 0 and taken["changed"] == []
    lying = [each["Key"] for each in s3.list_objects_v2(Bucket=names["backups-a"])["Contents"]]
    assert lying == ["promote/rows.gz"]
    s3.put_object(Bucket=names["backups-a"], Key="dumps/a-night.dump", Body=b"x")
    move(env, "clear", names["backups-a"])
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=names["backups-a"])["Contents"]] == ["dumps/a-night.dump"]


def test_photographs_become_the_same_and_are_compared(pod):
    env, s3, names = pod
    for number in range(20):
        s3.put_object(Bucket=names["media-a"], Key=f"evidencia/{number}.jpg", Body=b"x" * number)
    s3.put_object(Bucket=names["media-b"], Key="evidencia/of-nobody.jpg", Body=b"y")
    told = move(env, "photos", names["media-a"], names["media-b"])
    assert told == {"count": 20, "bytes": sum(range(20)), "differ": 0, "first": ""}


def test_what_is_not_the_same_is_named():
    theirs = {"a": (1, "t"), "b": (2, "t"), "c": (3, "p-2"), "d": (4, "t")}
    ours = {"a": (1, "t"), "b": (2, "other"), "c": (3, "whole"), "e": (5, "t")}
    assert compared(theirs, ours) == {"count": 4, "bytes": 11, "differ": 3, "first": "b"}


def test_a_verb_that_nobody_knows_or_without_its_buckets_is_a_failure(env):
    for words in ((), ("dance",), ("photos", "one"), ("state", "more")):
        done = manage(env, "job", "move", *words)
        assert done.returncode == 1 and "use: job move state" in done.stderr
