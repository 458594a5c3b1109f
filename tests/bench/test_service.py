"""What the service's figures are made of: requests as wrk sends them, pgbench's statement, goals that are the least."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.ratio import Ratio
from bench.service.clients import ClientsError, Request, clients
from bench.service.cpu import busy
from bench.service.fines import statement

needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="takes Debian's package wrk")


def test_a_goal_may_be_the_least() -> None:
    assert Ratio("x", 0.13, 0.12, "", at_least=True).holds
    assert not Ratio("x", 0.11, 0.12, "", at_least=True).holds
    assert Ratio("x", 0.11, 0.12, "").holds
    assert Ratio("x", 0.11, 0.12, "", at_least=True).bound == "at least 0.12"
    assert Ratio("x", 0.11, 0.12, "", at_least=True).as_json()["at_least"] is True


def test_the_processors_time_goes_forward() -> None:
    before = busy()
    sum(range(3_000_000))
    assert busy() > before


def test_pgbench_runs_the_services_own_statement() -> None:
    people = cast(Any, SimpleNamespace(tokens=("a token", "another", "the reader's")))
    text = statement(people, cast(Any, None))
    assert text.count("'::bytea") == 3 and "% 2\n" in text  # each connection is another officer's, as the service's are
    assert "INSERT INTO infracciones_infraccion" in text
    assert "ON CONFLICT (oficial_id, clave) DO NOTHING" in text
    assert "$" not in text
    assert text.count("\\set ") == 3
    assert text.rstrip().endswith(";")


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    """A server that notes what it is sent, and answers with `status`."""
    found = SimpleNamespace(bodies=[], keys=[], status=200)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            found.keys.append(self.headers["Idempotency-Key"])
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{serving.server_address[1]}"
        yield found
        serving.shutdown()


ASK = Request("POST", "/x", {"A": 'quo"ted\\'}, '{"comment": "señal\\n@N@"}', keyed=True)


@needs_wrk
def test_no_two_requests_have_the_same_number_and_texts_arrive_whole(server: SimpleNamespace) -> None:
    seen = clients(server.url, [ASK], count=2, seconds=1)
    assert seen.requests > 10
    assert 0 < seen.median <= seen.p99
    assert len(set(server.keys)) == len(server.keys) >= seen.requests
    comments = [body["comment"] for body in server.bodies]
    assert all(comment.startswith("señal\n") for comment in comments)
    assert len(set(comments)) == len(comments)


@needs_wrk
def test_an_answer_that_is_no_success_is_no_measurement(server: SimpleNamespace) -> None:
    server.status = 429
    with pytest.raises(ClientsError, match="'status'"):
        clients(server.url, [ASK], count=1, seconds=1)


@needs_wrk
def test_nobody_there_is_no_measurement() -> None:
    with pytest.raises(ClientsError):
        clients("http://127.0.0.1:9", [ASK], count=1, seconds=1)
