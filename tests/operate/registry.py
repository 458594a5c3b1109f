"""A package index and an npm registry of these tests' own, which pip and npm are really asked about."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Registry:
    """Serves versions of distributions (below /simple) and of packages until it is closed."""

    def __init__(self, *, python: Mapping[str, Sequence[str]], npm: Mapping[str, Sequence[str]]) -> None:
        registry = self
        self.python, self.npm = python, npm

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = registry.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        name = path.strip("/").removeprefix("simple/")
        if path.startswith("/simple/") and name in self.python:
            file = name.replace("-", "_")
            files = [f"{file}-{version}-py3-none-any.whl" for version in self.python[name]]
            return 200, "text/html", "".join(f'<a href="/files/{file}">{file}</a>' for file in files).encode()
        if name in self.npm:
            versions = {version: {"name": name, "version": version} for version in self.npm[name]}
            tags = {"latest": self.npm[name][-1]}
            body = json.dumps({"_id": name, "name": name, "dist-tags": tags, "versions": versions})
            return 200, "application/json", body.encode()
        return 404, "text/plain", b"not found"
