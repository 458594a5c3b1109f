"""What stands in for the repositories of Helm charts that a template names: charts of our own, under their names and versions."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import ssl
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

CHARTS = Path(__file__).resolve().parent / "charts"


@dataclass(frozen=True)
class Asked:
    """A chart that a template asks a repository for."""

    repository: str  # https://host/path
    chart: str
    version: str


class ChartRepository:
    """Serves what templates ask for; a chart that nobody has written here is in no index."""

    def __init__(self, *, asked: Callable[[], list[Asked]], values: Mapping[str, object]) -> None:
        """`asked` says what templates ask for now. `values` are told to each chart besides, as `standIn`."""
        self._asked, self._values = asked, values

    async def start(self, *, address: str, context: ssl.SSLContext, port: int = 443) -> int:
        """Listens on an address; returns the port."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, port, ssl_context=context).start()
        return int(runner.addresses[0][1])

    async def _answer(self, request: web.Request) -> web.Response:
        place = f"https://{request.host}{request.path}"
        for each in self._asked():
            there = each.repository.rstrip("/")
            if place == f"{there}/index.yaml":
                return web.Response(text=self._index(there), content_type="application/yaml")
            if place == f"{there}/{each.chart}-{each.version}.tgz" and (CHARTS / each.chart).is_dir():
                return web.Response(body=self.archive(each), content_type="application/gzip")
        return web.Response(status=404, text=f"no template asks for {place}")

    def _index(self, repository: str) -> str:
        entries: dict[str, list[dict[str, object]]] = {}
        for each in self._asked():
            if each.repository.rstrip("/") == repository and (CHARTS / each.chart).is_dir():
                entries.setdefault(each.chart, []).append(
                    {
                        "apiVersion": "v2",
                        "name": each.chart,
                        "version": each.version,
                        "urls": [f"{repository}/{each.chart}-{each.version}.tgz"],
                        "digest": hashlib.sha256(self.archive(each)).hexdigest(),
                        "created": "2026-01-01T00:00:00Z",
                    }
                )
        return json.dumps({"apiVersion": "v1", "entries": entries})

    def archive(self, asked: Asked) -> bytes:
        """The chart as Helm fetches it: the same bytes each time."""
        about = {"apiVersion": "v2", "name": asked.chart, "version": asked.version, "description": "A stand-in"}
        files = {
            "Chart.yaml": json.dumps(about).encode(),
            "values.yaml": json.dumps({"standIn": self._values}).encode(),
        }
        for file in sorted((CHARTS / asked.chart).rglob("*.yaml")):
            files[str(file.relative_to(CHARTS / asked.chart))] = file.read_bytes()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(f"{asked.chart}/{name}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        return gzip.compress(packed.getvalue(), mtime=0)
