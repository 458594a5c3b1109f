"""The runtime interface of Lambda: what a function's process asks for its next event, and gives its answer to.

Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ANSWER = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")


@dataclass
class Invocation:
    """One event, and in time its answer: the body, and whether the function failed."""

    id: str
    event: Any
    arn: str
    deadline: float  # seconds since 1970
    answered: threading.Event = field(default_factory=threading.Event)
    body: Any = None
    failed: bool = False


class Runtime:
    """Serves one function's process on an address of the local AWS."""

    def __init__(self, address: str) -> None:
        self._waiting: queue.Queue[Invocation] = queue.Queue()
        self._given: dict[str, Invocation] = {}
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path != "/2018-06-01/runtime/invocation/next":
                    self._say(404, {})
                    return
                given = runtime._next()
                self._say(
                    200,
                    given.event,
                    **{
                        "Lambda-Runtime-Aws-Request-Id": given.id,
                        "Lambda-Runtime-Deadline-Ms": str(int(given.deadline * 1000)),
                        "Lambda-Runtime-Invoked-Function-Arn": given.arn,
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/2018-06-01/runtime/init/error":
                    runtime._broken(_json(body))
                elif found := _ANSWER.fullmatch(self.path):
                    runtime._answer(found[1], _json(body), failed=found[2] == "error")
                self._say(202, {"status": "OK"})

            def _say(self, status: int, body: Any, **headers: str) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {
                    **headers,
                    "Content-Type": "application/json",
                    "Content-Length": str(len(text)),
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="lambda runtime", daemon=True).start()

    @property
    def place(self) -> str:
        """The address and port that the process is told (AWS_LAMBDA_RUNTIME_API)."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def close(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, id: str, event: Any, *, arn: str, seconds: float) -> Invocation:
        """Gives the process an event and waits for its answer, for so long as the function may take."""
        given = Invocation(id, event, arn, time.time() + seconds)
        self._waiting.put(given)
        if not given.answered.wait(seconds + 1):
            given.failed, given.body = (
                True,
                {"errorMessage": f"Task timed out after {seconds:.2f} seconds", "errorType": "Sandbox.Timedout"},
            )
        return given

    def _next(self) -> Invocation:
        given = self._waiting.get()
        self._given[given.id] = given
        return given

    def _answer(self, id: str, body: Any, *, failed: bool) -> None:
        if (given := self._given.pop(id, None)) is not None:
            given.body, given.failed = body, failed
            given.answered.set()

    def _broken(self, body: Any) -> None:
        """The process could not begin: whoever waits hears why."""
        while not self._waiting.empty():
            given = self._waiting.get_nowait()
            given.body, given.failed = body, True
            given.answered.set()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
