"""A pod's dump of the database and the drill that restores it, as programs, against a database and a bucket."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from fines.jobs import dump
from testing import bucket
from testing.postgres import SUPERUSER, Postgres
from testing.server import SERVICE, manage

BUCKET = "fines-tests-dumps"
NIGHT = dump.key_of([], datetime(2026, 3, 5, 2, 31, tzinfo=UTC))


def test_a_night_begins_at_half_past_two():
    assert NIGHT == "dumps/2026-03-05.dump"
    assert dump.key_of([], datetime(2026, 3, 5, 2, 29, tzinfo=UTC)) == "dumps/2026-03-04.dump"
    assert dump.key_of(["now"], datetime(2026, 3, 5, 2, 29, 7, tzinfo=UTC)) == "dumps/2026-03-05T022907Z.dump"
    with pytest.raises(ValueError, match="use: job dump"):
        dump.key_of(["never"], datetime.now(UTC))


@pytest.fixture
def place(env, token, live_postgres, bucket_endpoint, tmp_path):
    """A migrated database with a vehicle and an officer, an empty bucket, and the reader's secret."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    s3, manager = (boto3.client(name, endpoint_url=bucket_endpoint, **keys) for name in ("s3", "secretsmanager"))
    s3.create_bucket(Bucket=BUCKET)
    login = json.dumps({"username": SUPERUSER, "password": live_postgres.password})
    arn = manager.create_secret(Name=f"reader/{tmp_path.name}", SecretString=login)["ARN"]
    given = bucket.KEYS | {"AWS_ENDPOINT_URL": bucket_endpoint, "AWS_REGION": "us-east-1"}
    path = {"PATH": f"{live_postgres._programs}:{env['PATH']}"}
    yield env | given | path | {"BACKUP_BUCKET": BUCKET, "READER_SECRET_ARN": arn, "LC_ALL": "C.UTF-8"}, s3
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])


def keys(s3):
    return sorted(each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def prove(env):
    """The drill; where this is root, whom PostgreSQL refuses, its programs are run by somebody else.

    In a folder of its own: those of pytest are closed to others again whenever another pytest begins.
    """
    with tempfile.TemporaryDirectory(prefix="fines-drill-") as place:
        return _proved(env, Path(place))


def _proved(env, place):
    folder, shims = place / "drill", place / "shims"
    for each in (folder, shims):
        each.mkdir()
    if os.geteuid() == 0:
        place.chmod(0o755)
        folder.chmod(0o777)
        programs = env["PATH"].split(":")[0]
        for name in ("initdb", "pg_ctl"):
            (shims / name).write_text(f'#!/bin/sh\nexec setpriv --reuid nobody --clear-groups {programs}/{name} "$@"\n')
            (shims / name).chmod(0o755)
    command = f"from pathlib import Path; from fines.jobs.drill import drill; drill(Path({str(folder)!r}))"
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=SERVICE,
        env=env | {"PATH": f"{shims}:{env['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dump_is_made_once_a_night_and_proven_once(place):
    env, s3 = place
    done = manage(env, "job", "dump", "now")
    assert done.returncode == 0, done.stderr
    (key,) = (each for each in keys(s3) if each.startswith("dumps/"))
    facts = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    sums = s3.get_object(Bucket=BUCKET, Key=facts["sums"])["Body"].read().decode()
    assert "public.infracciones_vehiculo 1 " in sums
    proven = prove(env)
    assert proven.returncode == 0, proven.stderr
    assert f"{key} is proven" in proven.stderr
    assert key.replace("dumps/", "proven/") in keys(s3)
    assert "is proven already" in prove(env).stderr
    before = keys(s3)
    for said in ("was made", "is there already"):
        again = manage(env, "job", "dump")
        assert again.returncode == 0 and said in again.stderr
    assert len(keys(s3)) == len(before) + 2  # the night's, and its sums


def test_a_dump_that_restores_to_something_else_is_no_proof(place):
    env, s3 = place
    assert manage(env, "job", "dump", "now").returncode == 0
    (key,) = (each for each in keys(s3) if each.startswith("dumps/"))
    place = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]["sums"]
    sums = s3.get_object(Bucket=BUCKET, Key=place)["Body"].read().decode()
    changed = sums.replace("public.infracciones_vehiculo 1 ", "public.infracciones_vehiculo 2 ")
    s3.put_object(Bucket=BUCKET, Key=place, Body=changed.encode())
    done = prove(env)
    assert done.returncode and "1 tables are not as in the dump's snapshot: public.infracciones_vehiculo" in done.stderr
    s3.put_object(Bucket=BUCKET, Key=place, Body=sums.encode())
    told = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"no dump at all", Metadata=told)
    done = prove(env)
    assert done.returncode and "could not be restored" in done.stderr
    assert not [each for each in keys(s3) if each.startswith("proven/")]


def test_a_dump_that_fails_leaves_no_object_and_says_why(place):
    env, s3 = place
    done = manage(env | {"DATABASE_NAME": "of-nobody"}, "job", "dump")
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("the dump: FAILED: OperationalError")
    broken = env | {"PATH": env["PATH"].split(":", 1)[1]}
    if subprocess.run(["sh", "-c", "command -v pg_dump"], env=broken, check=False, capture_output=True).returncode:
        done = manage(broken, "job", "dump")
        assert done.returncode == 1
    assert not [each for each in keys(s3) if each.startswith("dumps/")]


_ADD = "from infracciones.models import Oficial; Oficial.objects.create(numero='late', nombre='Late')"
_ALL = "from infracciones.models import Oficial; print(sorted(o.numero for o in Oficial.objects.all()))"


def officers(env):
    return manage(env, "manage", "shell", "--no-imports", text=_ALL).stdout.strip()


def test_a_dump_comes_back_whole_and_what_came_later_is_gone(place, live_postgres):
    env, s3 = place
    secret = json.dumps({"username": SUPERUSER, "password": live_postgres.password})
    assert manage(env, "job", "dump", "now").returncode == 0
    (key,) = (each for each in keys(s3) if each.startswith("dumps/"))
    before = officers(env)
    assert manage(env, "manage", "shell", "--no-imports", text=_ADD).returncode == 0
    assert officers(env) != before
    done = manage(env, "job", "restore", key.removeprefix("dumps/"), text=secret)
    assert done.returncode == 0, done.stderr
    assert officers(env) == before


def test_a_dump_that_cannot_be_read_or_taken_changes_nothing(place, live_postgres):
    env, s3 = place
    secret = json.dumps({"username": SUPERUSER, "password": live_postgres.password})
    before = officers(env)
    done = manage(env, "job", "restore", "of-no-night.dump", text=secret)
    assert done.returncode == 1 and "there is no dumps/of-no-night.dump" in done.stderr
    assert manage(env, "job", "dump", "now").returncode == 0
    (key,) = (each for each in keys(s3) if each.startswith("dumps/"))
    whole = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key="dumps/cut.dump", Body=whole[: len(whole) // 2])
    done = manage(env, "job", "restore", "cut.dump", text=secret)
    assert done.returncode == 1 and "nothing was changed" in done.stderr
    done = manage(env, "job", "restore", key, text=json.dumps({"username": "nobody", "password": "x"}))
    assert done.returncode == 1 and "nothing was changed" in done.stderr
    assert officers(env) == before


@pytest.fixture
def then(env, live_postgres):
    """Another instance, of a moment before: the same people, and the login of then."""
    other = Postgres()
    other.create()
    copy = subprocess.run(
        [f"{live_postgres._programs}/pg_dump", "-h", str(live_postgres.socket), "-U", SUPERUSER, "postgres"],
        env={"PGPASSWORD": live_postgres.password},
        capture_output=True,
        check=True,
    )
    command = [f"{other._programs}/psql", "-X", "-q", "-h", str(other.socket), "-U", SUPERUSER, "postgres"]
    subprocess.run(command, env={"PGPASSWORD": other.password}, input=copy.stdout, capture_output=True, check=True)
    yield other
    other.remove()


def test_what_another_instance_holds_comes_back_by_the_secrets_of_both(place, then, live_postgres):
    env, _ = place
    now, before = ({"username": SUPERUSER, "password": each.password} for each in (live_postgres, then))
    kept = officers(env)
    assert manage(env, "manage", "shell", "--no-imports", text=_ADD.replace("late", "later")).returncode == 0
    added = officers(env)
    assert added != kept
    alone = manage(env, "job", "restore", "of", str(then.socket), text=json.dumps(now))
    assert alone.returncode == 1 and "nothing was changed (pg_dump ended with 1)" in alone.stderr
    assert officers(env) == added
    done = manage(env, "job", "restore", "of", str(then.socket), text=f"{json.dumps(now)}\n{json.dumps(before)}\n")
    assert done.returncode == 0, done.stderr
    assert officers(env) == kept


@pytest.mark.parametrize("text", ["", "s3cret", '{"username": "s3cret"}', '["s3cret"]'])
def test_what_is_no_secret_is_refused_and_not_shown(place, text):
    env, _ = place
    done = manage(env, "job", "restore", "of", "somewhere", text=text)
    assert done.returncode == 1 and "give the migrator's secret on standard input" in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("words", [[], ["of"], ["a", "b"], ["of", "a", "b"]])
def test_a_restore_of_nothing_says_how_it_is_asked_for(place, words):
    env, _ = place
    done = manage(env, "job", "restore", *words)
    assert done.returncode == 1 and "use: job restore NAME" in done.stderr


def test_the_living_database_is_not_restored_from_itself(place, live_postgres):
    env, _ = place
    secret = json.dumps({"username": SUPERUSER, "password": live_postgres.password})
    done = manage(env, "job", "restore", "of", str(live_postgres.socket), text=secret)
    assert done.returncode == 1 and "name another instance" in done.stderr
