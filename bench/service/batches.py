"""A file of 50,000 rows: uploaded through NGINX, beside a bare COPY of the same rows into the same table."""

from __future__ import annotations

import gzip
import json
import re
import time
import uuid

from bench.ratio import Ratio, listed, median
from bench.service.clients import ClientsError
from bench.service.cpu import busy
from bench.service.database import DatabaseError, psql
from bench.service.photos import unpack
from bench.service.workers import Workers
from rehearsal.checks import Subject
from rehearsal.checks.people import People
from rehearsal.machines.machine import Machine
from rehearsal.screen import Say

ROWS = 50_000
_COLUMNS = "vehiculo_id, oficial_id, timestamp, comentarios, dispositivo_id, huella, carga_id"
# Those of the newest upload, under ids of their own.
_THE_SAME = """
SELECT vehiculo_id, oficial_id, timestamp, comentarios, gen_random_uuid(), huella, carga_id FROM infracciones_infraccion
WHERE carga_id = (SELECT id FROM infracciones_carga ORDER BY id DESC LIMIT 1) ORDER BY id
""".replace("\n", " ")  # a command of psql's own is one line
_MIB_MORE = 64.0
_PHOTOS = 8  # enough for each worker to have unpacked more than one


def batches(subject: Subject, people: People, rounds: int, say: Say) -> list[Ratio]:
    """The figures of an upload, measured in turns with COPY; each round has ids of its own."""
    host = subject.host
    uploads: list[float] = []
    copies: list[float] = []
    cpu: list[float] = []
    of_copies: list[float] = []
    workers = Workers(host)
    more: list[float] = []
    for number in range(1, rounds + 1):
        say(f"{number} of {rounds}: an upload of {ROWS} rows")
        content = _file(people)
        psql(host, "CHECKPOINT")
        workers.forget_peaks()
        before = busy()
        uploads.append(_upload(people, content))
        cpu.append((busy() - before) / ROWS * 1e6)
        more.append(workers.grown())
        say(f"{number} of {rounds}: COPY of {ROWS} rows")
        psql(host, "CHECKPOINT")
        copied = _rows_in_memory(host)
        before = busy()
        copies.append(_copy(host, copied))
        of_copies.append((busy() - before) / ROWS * 1e6)
    say(f"{_PHOTOS} photos as large as they may be")
    unpack(people, _PHOTOS)
    share = median([theirs / ours for ours, theirs in zip(uploads, copies, strict=True)])
    return [
        Ratio(
            f"rows a second of an upload of {ROWS}, of what a bare COPY reaches",
            share,
            0.2,
            f"uploads {listed(uploads)}, COPY {listed(copies)}; {median(cpu):.0f} against {median(of_copies):.0f} us of CPU a "
            "row; the service's side is the limit: Python reads and checks each row in one thread. A file in two halves would move it, "
            "as a worker takes two at a time",
            at_least=True,
        ),
        Ratio(
            f"resident memory more of a worker for an upload of {ROWS} rows, MiB",
            max(0.1, *more),
            _MIB_MORE,
            f"peak during the upload less what it had before; in each round {', '.join(f'{each:.0f}' for each in more)}; the service's "
            "side is the limit: pieces of the file, and the rows of one block; smaller blocks would move it",
        ),
        Ratio(
            "resident memory of a worker after all of these and photos, MiB",
            max(workers.resident().values()),
            120.0,
            ", ".join(f"{name} {size:.0f}" for name, size in sorted(workers.resident().items()))
            + "; most of it is Django's and boto3's code: fewer of them would move it",
        ),
    ]


def _file(people: People) -> bytes:
    moment = time.time() - ROWS
    rows = (
        json.dumps(
            {
                "id": str(uuid.uuid4()),
                "placa_patente": people.plates[number % len(people.plates)],
                "timestamp": round(moment + number, 3),
                "comentarios": f"Exceso de velocidad, medición {number}",
            }
        )
        for number in range(ROWS)
    )
    return gzip.compress("\n".join(rows).encode(), compresslevel=6)


def _upload(people: People, content: bytes) -> float:
    headers = people.bearer(0) | {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    with people.client(timeout=180) as client:
        client.get("/healthz")  # the connection is there
        began = time.monotonic()
        answer = client.post("/cargar_infracciones", content=content, headers=headers)
        seconds = time.monotonic() - began
    if answer.status_code != 200 or answer.json()["nuevas"] != ROWS:
        raise ClientsError(f"the upload was answered {answer.status_code}: {answer.text[:200]}")
    return seconds


def _rows_in_memory(host: Machine) -> str:
    """A file in memory with the rows of the newest upload."""
    file = "/dev/shm/fines-copy"  # noqa: S108  in memory, on a host that nobody else is on
    told = psql(host, f"\\copy ({_THE_SAME}) TO '{file}'")
    if (count := (host.root / file.lstrip("/")).read_bytes().count(b"\n")) != ROWS:
        raise DatabaseError(f"{count} rows are there to be copied, {ROWS} were uploaded: {told[-200:]}")
    return file


def _copy(host: Machine, file: str) -> float:
    """Seconds of a COPY of a file's rows."""
    try:
        told = psql(host, f"\\timing on\n\\copy infracciones_infraccion ({_COLUMNS}) FROM '{file}'")
    finally:
        (host.root / file.lstrip("/")).unlink(missing_ok=True)
    found = re.search(r"Time: ([\d.]+) ms", told)
    if found is None:
        raise DatabaseError(f"psql told no time: {told[-200:]}")
    return float(found[1]) / 1000
