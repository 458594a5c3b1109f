"""The entrypoint as the image runs it: two server processes, one PostgreSQL, and what befalls them."""

import concurrent.futures
import json
import os
import signal
import socket
import threading
import time
import uuid

import httpx
import psycopg
import pytest
from testing.postgres import SUPERUSER
from testing.server import Server, manage

FINE = {"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": "señal"}


@pytest.fixture(scope="module")
def servers(env, token):
    with Server(env) as first, Server(env) as second:
        yield first, second


@pytest.fixture
def headers(token):
    return {"Authorization": f"Bearer {token}"}


def rows(live_postgres, statement):
    with psycopg.connect(
        host=str(live_postgres.socket), dbname="postgres", user=SUPERUSER, password=live_postgres.password
    ) as link:
        return link.execute(statement).fetchall()


def test_a_fine_goes_through_one_process_and_is_in_the_report_of_the_other(servers, headers):
    answer = httpx.post(f"{servers[0].url}/cargar_infraccion", json=FINE, headers=headers)
    assert answer.status_code == 200
    report = httpx.get(f"{servers[1].url}/generar_informe", params={"correo": "ANA@ejemplo.com"}).json()
    assert answer.json()["infraccion"]["id"] in {line["id"] for line in report["infracciones"]}
    assert report["infracciones"][0]["comentarios"] == "señal"


def test_twins_that_arrive_at_two_processes_make_one_fine(servers, headers, live_postgres):
    for round_ in range(10):
        together = threading.Barrier(6)

        def post(n, key=f"live-{round_}", together=together):
            together.wait()
            return httpx.post(
                f"{servers[n % 2].url}/cargar_infraccion", json=FINE, headers=headers | {"Idempotency-Key": key}
            )

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(post, range(6)))
        assert [answer.status_code for answer in answers] == [200] * 6
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert rows(live_postgres, "SELECT count(*) FROM infracciones_infraccion WHERE clave LIKE 'live-%'") == [(10,)]


def test_a_body_in_chunks_is_read_and_one_that_is_too_large_is_413(servers, headers):
    kind = headers | {"Content-Type": "application/json"}
    parts = json.dumps(FINE).encode()
    address = f"{servers[0].url}/cargar_infraccion"
    assert httpx.post(address, content=iter([parts[:9], parts[9:]]), headers=kind).status_code == 200
    assert httpx.post(address, content=iter([b" " * 40_000, b" " * 40_000]), headers=kind).status_code == 413
    assert httpx.post(address, content=b" " * 70_000, headers=kind).status_code == 413
    assert httpx.post(address, content=b"", headers=kind).status_code == 400


def test_a_key_that_no_header_can_carry_is_400_and_never_ignored(servers, headers):
    key = ("Idempotency-Key", "señal".encode())
    answer = httpx.post(f"{servers[0].url}/cargar_infraccion", json=FINE, headers=[*headers.items(), key])
    assert answer.status_code == 400
    assert "ASCII" in answer.json()["mensaje"]


def test_a_call_that_breaks_off_in_its_body_makes_no_fine(servers, headers, live_postgres):
    before = rows(live_postgres, "SELECT count(*) FROM infracciones_infraccion")
    body = json.dumps(FINE).encode()
    lines = f"POST /cargar_infraccion HTTP/1.1\r\nHost: localhost\r\nAuthorization: {headers['Authorization']}\r\n"
    with socket.create_connection(("127.0.0.1", servers[0].port)) as link:
        link.sendall(
            f"{lines}Content-Type: application/json\r\nContent-Length: {len(body) + 9}\r\n\r\n".encode() + body
        )
    time.sleep(0.3)
    assert rows(live_postgres, "SELECT count(*) FROM infracciones_infraccion") == before
    assert httpx.get(f"{servers[0].url}/healthz").status_code == 200


def ndjson(mark):
    """Two rows of a device, each a line."""
    rows = [FINE | {"id": str(uuid.uuid4()), "comentarios": mark} for _ in range(2)]
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
def test_a_file_that_breaks_off_where_a_row_ends_is_not_taken(servers, headers, live_postgres, chunked):
    mark = f"cortada {chunked}"
    content = ndjson(mark)
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(content) + 40}"
    sent = f"{len(content):x}\r\n".encode() + content + b"\r\n" if chunked else content
    lines = f"POST /cargar_infracciones HTTP/1.1\r\nHost: localhost\r\nAuthorization: {headers['Authorization']}\r\n"
    with socket.create_connection(("127.0.0.1", servers[0].port)) as link:
        link.sendall(f"{lines}Content-Type: application/x-ndjson\r\n{length}\r\n\r\n".encode() + sent)
    time.sleep(0.5)
    count = f"SELECT count(*) FROM infracciones_infraccion WHERE comentarios = '{mark}'"  # noqa: S608
    assert rows(live_postgres, count) == [(0,)]
    kind = headers | {"Content-Type": "application/x-ndjson"}
    whole = httpx.post(f"{servers[0].url}/cargar_infracciones", content=content, headers=kind)
    assert (whole.status_code, whole.json()["recibidas"]) == (200, 2)
    assert rows(live_postgres, count) == [(2,)]


def test_a_file_whose_length_is_not_said_is_400_and_told_to_say_it(servers, headers):
    kind = headers | {"Content-Type": "application/x-ndjson"}
    answer = httpx.post(f"{servers[0].url}/cargar_infracciones", content=iter([ndjson("sin largo")]), headers=kind)
    assert answer.status_code == 400
    assert "Content-Length" in answer.json()["mensaje"]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_went_away_and_came_back_fails_no_later_request(servers, headers, live_postgres, mode):
    address = servers[0].url
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # every thread has its connection
        assert set(pool.map(lambda _: httpx.get(f"{address}/readyz").status_code, range(12))) == {200}
    live_postgres.stop(mode)
    try:
        assert httpx.get(f"{address}/healthz").status_code == 200
        assert httpx.get(f"{address}/readyz").status_code == 503
        away = httpx.post(f"{address}/cargar_infraccion", json=FINE, headers=headers)
        assert away.status_code == 503
        assert away.json()["mensaje"] and away.headers["Retry-After"]
    finally:
        live_postgres.start()
    answers = [httpx.post(f"{address}/cargar_infraccion", json=FINE, headers=headers).status_code for _ in range(12)]
    assert answers == [200] * 12
    assert httpx.get(f"{address}/readyz").status_code == 200


def test_a_restart_that_idle_connections_slept_through_fails_no_request(servers, headers, live_postgres):
    address = servers[1].url
    assert httpx.get(f"{address}/readyz").status_code == 200
    live_postgres.stop()
    live_postgres.start()
    answers = [httpx.post(f"{address}/cargar_infraccion", json=FINE, headers=headers).status_code for _ in range(12)]
    assert answers == [200] * 12


def test_a_server_that_is_told_to_end_answers_what_was_begun_and_ends(env, headers, live_postgres):
    with (
        Server(env) as server,
        psycopg.connect(
            host=str(live_postgres.socket), dbname="postgres", user=SUPERUSER, password=live_postgres.password
        ) as blocker,
    ):
        # The fine waits for this lock while the server is told to end.
        blocker.execute("LOCK TABLE infracciones_vehiculo IN ACCESS EXCLUSIVE MODE")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            begun = pool.submit(httpx.post, f"{server.url}/cargar_infraccion", json=FINE, headers=headers, timeout=20)
            until = time.monotonic() + 10
            while not rows(live_postgres, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
                assert time.monotonic() < until, "the fine did not wait"
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(1.5)
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{server.url}/healthz", timeout=2)
            assert not begun.done()
            blocker.rollback()
            assert begun.result().status_code == 200
        assert server.process.wait(10) == 0


def test_uploads_leave_a_thread_to_fines_and_to_health(env, headers, live_postgres):
    """Six files at one process, each of which waits for a row that somebody else has not committed yet."""
    row = FINE | {"id": str(uuid.uuid4())}
    twin = "INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, dispositivo_id) "
    with (
        Server(env) as server,
        psycopg.connect(
            host=str(live_postgres.socket), dbname="postgres", user=SUPERUSER, password=live_postgres.password
        ) as blocker,
        concurrent.futures.ThreadPoolExecutor(6) as pool,
    ):
        whose = "FROM infracciones_vehiculo v, infracciones_oficial o LIMIT 1"
        blocker.execute(f"{twin} SELECT v.id, o.id, now(), '', %s {whose}", [row["id"]])

        def upload():
            kind = headers | {"Content-Type": "application/x-ndjson"}
            return httpx.post(f"{server.url}/cargar_infracciones", content=json.dumps(row), headers=kind, timeout=30)

        begun = [pool.submit(upload) for _ in range(6)]
        until = time.monotonic() + 5
        while sum(each.done() for each in begun) < 3:
            assert time.monotonic() < until, "nobody is told to come again: all threads wait"
            time.sleep(0.05)
        assert httpx.get(f"{server.url}/healthz", timeout=2).status_code == 200
        assert httpx.post(f"{server.url}/cargar_infraccion", json=FINE, headers=headers, timeout=2).status_code == 200
        refused = [each.result() for each in begun if each.done()]
        blocker.rollback()
        answers = [each.result() for each in begun]
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in refused] == [(503, "5")] * 3
    assert all(answer.json()["mensaje"] for answer in refused)
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [503] * 3


def test_its_log_is_json_line_by_line_and_holds_no_secret(servers, headers):
    httpx.get(
        f"{servers[0].url}/generar_informe",
        params={"correo": "ana@ejemplo.com"},
        headers={"X-Request-Id": "abcdef0123456789"},
    )
    httpx.get(f"{servers[0].url}/nada", headers=headers)
    guess = {"username": "jefa", "password": "nadie-lee-esto"}
    httpx.post(f"{servers[0].url}/admin/login/", data=guess)
    assert any(line.get("path") == "/admin/login/" for line in servers[0].log_lines())
    assert httpx.get(f"{servers[0].url}/token", headers={"Host": "other.example"}).status_code == 400
    log = servers[0].log()
    lines = servers[0].log_lines()
    assert "DisallowedHost" not in log
    assert [line["status"] for line in lines if line.get("request_id") == "abcdef0123456789"] == [200]
    assert "ana@ejemplo.com" not in log
    assert headers["Authorization"].removeprefix("Bearer ") not in log
    assert "nadie-lee-esto" not in log


def test_a_migration_takes_logins_away_that_ended(env, headers, live_postgres):
    rows(
        live_postgres,
        "INSERT INTO django_session VALUES ('past', '', now() - interval '1 day'), ('present', '', now() + interval '1 day')"
        " RETURNING session_key",
    )
    done = manage(env, "migrate")
    assert done.returncode == 0, done.stderr
    assert rows(live_postgres, "SELECT session_key FROM django_session") == [("present",)]


def test_a_wrong_environment_ends_it_with_what_to_mend_and_no_traceback(env):
    for words in (("serve",), ("manage", "check")):
        done = manage(env | {"WEB_THREADS": "many", "TIME_ZONE": "Mars/Base", "WEB_PORT": "1"}, *words)
        assert done.returncode
        assert "Traceback" not in done.stderr
        assert ("WEB_THREADS" if words == ("serve",) else "TIME_ZONE") in done.stderr


def test_an_entrypoint_without_a_word_it_knows_says_which_it_knows(env):
    done = manage(env, "dance")
    assert done.returncode == 2
    assert "migrate" in done.stderr
