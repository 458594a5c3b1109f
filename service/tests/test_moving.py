"""All rows to another database of the same release, and the pause in which nothing is written."""

import io
import json
import subprocess
import threading
import time
from uuid import uuid4

import httpx
import psycopg
import pytest
from fines.functions.roles import take_defaults
from infracciones.moving.digests import digests, read, sums, written
from infracciones.moving.stream import Broken, OtherSchema
from infracciones.moving.stream import read as take
from infracciones.moving.stream import write as send
from infracciones.moving.tables import Table, prepare, sequences, tables
from psycopg import sql
from testing.server import SERVICE, Server, environment, manage

USER = "fines_service"
OPENED = """
CREATE ROLE fines_service LOGIN PASSWORD 'geheim';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO fines_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO fines_service;
"""
FINE = {"placa_patente": "AB123CD", "timestamp": "2026-03-04T10:20:30-03:00", "comentarios": "Luz roja"}


@pytest.fixture(scope="module")
def moved(live_postgres, env, token):
    """A second database of the same release, empty: `here` and `there`, as the service's own user, who owns nothing."""
    with psycopg.connect(_place(live_postgres, "postgres"), autocommit=True) as owner:
        owner.execute("CREATE DATABASE other")
    assert manage(env | {"DATABASE_NAME": "other"}, "migrate").returncode == 0
    for name in ("postgres", "other"):
        with psycopg.connect(_place(live_postgres, name), autocommit=True) as owner:
            owner.execute(OPENED if name == "postgres" else OPENED.split(";", 1)[1])
    return {name: _place(live_postgres, base, USER) for name, base in (("here", "postgres"), ("there", "other"))}


@pytest.fixture
def here(moved):
    with psycopg.connect(moved["here"], autocommit=True) as session:
        yield session


@pytest.fixture
def there(moved):
    with psycopg.connect(moved["there"], autocommit=True) as session:
        yield session


@pytest.fixture(scope="module")
def service(live_postgres, env, moved, tmp_path_factory):
    """The environment of a service that logs in as the service's own user."""
    secrets = tmp_path_factory.mktemp("own")
    (secrets / "secret_key").write_text("k" * 64)
    (secrets / "database_password").write_text("geheim")
    return environment(live_postgres, secrets, DATABASE_USER=USER)


def _place(postgres, base, user="fines_migrator"):
    password = "geheim" if user == USER else postgres.password
    return f"host={postgres.socket} dbname={base} user={user} password={password}"


def _what(session):
    prepare(session)
    return sums(session, tables(session))


def _copy(source, target):
    """Copies what differs; returns what the target says of it."""
    prepare(target)
    stream = io.BytesIO()
    send(source, digests(target, tables(target)), stream)
    stream.seek(0)
    return take(target, stream)


def _add_fines(session, count):
    session.execute(
        "INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, clave) "
        "SELECT v.id, o.id, now(), 'fila ' || n || E'\\n\\t\\\\. é', gen_random_uuid() "
        "FROM (SELECT id FROM infracciones_vehiculo LIMIT 1) v, (SELECT id FROM infracciones_oficial LIMIT 1) o, "
        "generate_series(1, %s) n",
        [count],
    )


def test_everything_is_there_afterwards_and_a_second_copy_takes_only_what_changed(here, there):
    _add_fines(here, 5000)
    here.execute("INSERT INTO django_session VALUES ('abc', 'datos', now())")
    first = _copy(here, there)
    assert first["rows"] > 5000 and _what(here) == _what(there)
    _add_fines(here, 3)
    here.execute("UPDATE infracciones_infraccion SET comentarios = 'corregida' WHERE id = 17")
    here.execute("DELETE FROM infracciones_infraccion WHERE id = 18")
    here.execute("DELETE FROM django_session")
    second = _copy(here, there)
    assert _what(here) == _what(there)
    assert second["rows"] < first["rows"] / 2
    assert second["changed"] == ["django_session", "infracciones_infraccion"]
    assert _copy(here, there) == {"rows": 0, "changed": []}


def test_what_the_other_has_and_should_not_goes(here, there):
    _copy(here, there)
    _add_fines(there, 2000)
    there.execute("INSERT INTO django_session VALUES ('xyz', 'datos', now())")
    assert _what(here) != _what(there)
    _copy(here, there)
    assert _what(here) == _what(there)


def test_a_unique_value_may_move_from_one_row_to_another(here, there):
    _add_fines(here, 3000)
    _copy(here, there)
    ids = [id for (id,) in here.execute("SELECT id FROM infracciones_infraccion ORDER BY id LIMIT 1").fetchall()]
    ids += [id for (id,) in here.execute("SELECT id FROM infracciones_infraccion ORDER BY id DESC LIMIT 1").fetchall()]
    one, two = str(uuid4()), str(uuid4())
    for key, id in ((one, ids[0]), (two, ids[1])):
        here.execute("UPDATE infracciones_infraccion SET clave = %s WHERE id = %s", [key, id])
    _copy(here, there)
    with here.transaction():
        here.execute("UPDATE infracciones_infraccion SET clave = NULL WHERE id = %s", [ids[0]])
        here.execute("UPDATE infracciones_infraccion SET clave = %s WHERE id = %s", [one, ids[1]])
        here.execute("UPDATE infracciones_infraccion SET clave = %s WHERE id = %s", [two, ids[0]])
    _copy(here, there)
    assert _what(here) == _what(there)


def test_sequences_go_on_behind_those_of_before(here, there):
    _add_fines(here, 10)
    _copy(here, there)
    ours, theirs = sequences(here), sequences(there)
    assert all(theirs[name] >= last for name, last in ours.items()) and ours["infracciones_infraccion_id_seq"] > 10
    assert _copy(here, there)["rows"] == 0 and sequences(there) == theirs


def test_a_stream_that_is_cut_changes_nothing(here, there):
    _copy(here, there)
    before = _what(there)
    _add_fines(here, 2000)
    stream = io.BytesIO()
    send(here, {}, stream)
    whole = stream.getvalue()
    for end in (0, 10, len(whole) // 3, whole.rindex(b"\n", 0, -1), len(whole) - 3):
        with pytest.raises(Broken):
            take(there, io.BytesIO(whole[:end]))
    assert _what(there) == before


def test_databases_of_different_releases_are_not_mixed(here, there, live_postgres):
    stream = io.BytesIO()
    send(here, {}, stream)
    head, rest = stream.getvalue().split(b"\n", 1)
    other = json.loads(head)
    other["tables"][-1]["columns"].append("nueva")
    with pytest.raises(OtherSchema, match=other["tables"][-1]["name"]):
        take(there, io.BytesIO(json.dumps(other).encode() + b"\n" + rest))


def test_digests_survive_being_written():
    given = {("a", "0"): "3 4", ("a", "1"): "1 -2", ("b", "7f"): "1 9"}
    assert read(written(given)) == given


def test_a_block_finds_its_rows_by_ranges_or_one_by_one(here):
    table = next(each for each in tables(here) if each.name == "infracciones_infraccion")
    assert b"ANY" not in _sql(here, table, {"0", "1", "5"}) and b"ANY" in _sql(here, table, map(str, range(0, 400, 2)))
    _add_fines(here, 3000)
    known = {block for (_, block) in digests(here, [table])}
    for block in known:
        asked = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table.identifier, table.within([block]))
        same = sql.SQL("SELECT count(*) FROM {} WHERE ({})::text = {}").format(table.identifier, table.block, block)
        assert here.execute(asked).fetchone() == here.execute(same).fetchone() != (0,)


def _sql(session, table: Table, blocks):
    return table.within(set(blocks)).as_bytes(session)


@pytest.fixture
def owner(live_postgres):
    """Another user than the service's: a pause does not end its session."""
    with psycopg.connect(_place(live_postgres, "postgres"), autocommit=True) as session:
        yield session


def test_a_pause_ends_writes_and_what_was_acknowledged_before_is_there(service, token, owner):
    assert _tells(service, "estado")["paused"] == ""
    with Server(service) as server:
        acknowledged, refused = [], []
        over = threading.Event()

        def post():
            with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as client:
                while not over.is_set():
                    key = uuid4().hex
                    answer = client.post("/cargar_infraccion", json=FINE, headers={"Idempotency-Key": key})
                    (acknowledged if answer.status_code == 200 else refused).append((key, answer))

        threads = [threading.Thread(target=post) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            _await(lambda: len(acknowledged) > 20)
            try:
                _tells(service, "pausar", "origen")
                at_the_pause = owner.execute("SELECT count(*) FROM infracciones_infraccion").fetchone()
                _await(lambda: len(refused) > 20)
                time.sleep(0.2)
                assert owner.execute("SELECT count(*) FROM infracciones_infraccion").fetchone() == at_the_pause
                assert _tells(service, "estado")["paused"] == "origen"
                report = httpx.get(f"{server.url}/generar_informe", params={"correo": "ana@ejemplo.com"})
                assert report.status_code == 200
                login = httpx.get(f"{server.url}/readyz")
                assert login.status_code == 200
            finally:
                _tells(service, "reanudar")
            known = len(acknowledged)
            _await(lambda: len(acknowledged) > known + 20)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert {answer.status_code for _, answer in refused} == {503}
    last = refused[-1][1] if refused[-1][1].headers.get("Retry-After") else refused[0][1]
    assert last.headers["Retry-After"] == "5"
    there = {key for (key,) in owner.execute("SELECT clave FROM infracciones_infraccion").fetchall()}
    assert {key for key, _ in acknowledged} <= there


def test_the_user_whose_turn_comes_next_is_paused_too(owner):
    for user in ("turn_a", "turn_b"):
        owner.execute(f"CREATE ROLE {user} LOGIN")
    owner.execute("ALTER ROLE turn_a SET default_transaction_read_only = on")
    take_defaults(owner, "turn_b", of="turn_a")
    known = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'turn_b'::regrole"
    assert owner.execute(known).fetchall() == [(["default_transaction_read_only=on"],)]
    owner.execute("ALTER ROLE turn_a RESET ALL")
    take_defaults(owner, "turn_b", of="turn_a")
    assert owner.execute(known).fetchall() == []


def test_a_pause_for_being_filled_is_told_apart_and_takes_what_is_sent(service, owner, moved):
    filled, here = service | {"DATABASE_NAME": "other"}, owner
    _tells(filled, "pausar", "destino")
    try:
        assert _tells(filled, "estado")["paused"] == "destino"
        with psycopg.connect(moved["there"], autocommit=True) as there:
            _add_fines(here, 10)
            assert _copy(here, there)["rows"]
            assert _what(here) == _what(there)
    finally:
        _tells(filled, "reanudar")
    assert _tells(filled, "estado")["paused"] == ""


def test_the_commands_move_everything_by_pipes(service, here):
    filled = service | {"DATABASE_NAME": "other"}
    _add_fines(here, 100)
    known = manage(filled, "manage", "trasladar", "huellas").stdout
    sent = _piped(service, "exportar", known.encode()).stdout
    assert b"infracciones_infraccion" in sent
    assert json.loads(_piped(filled, "importar", sent).stdout)["rows"] >= 100
    ours, theirs = _tells(service, "sumas"), _tells(filled, "sumas")
    assert ours["tables"] == theirs["tables"] and ours["sequences"].keys() == theirs["sequences"].keys()
    assert _tells(service, "estado")["migrations"] == _tells(filled, "estado")["migrations"]
    cut = _piped(filled, "importar", sent[:50])
    assert cut.returncode == 1 and b"before its end" in cut.stderr


def _piped(env, verb, given):
    words = [str(SERVICE / "entrypoint"), "manage", "trasladar", verb]
    return subprocess.run(words, env=env, input=given, capture_output=True, check=False)


def _tells(env, *words):
    done = manage(env, "manage", "trasladar", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _await(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
