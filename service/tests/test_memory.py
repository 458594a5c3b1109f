"""How much memory a server takes: idle, for the largest uploads, and after photographs."""

import gzip
import io
import json
import uuid
from pathlib import Path

import boto3
import httpx
import pytest
from PIL import Image
from testing import bucket
from testing.server import Server

FINE = {"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": "señal"}


@pytest.fixture
def headers(token):
    return {"Authorization": f"Bearer {token}"}


def workers(server):
    """The process ids of the server's workers; Python 3.14 has a process of its own beside them."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]


def worker(server):
    """The process id of the server's only worker."""
    [only] = workers(server)
    return only


def mebibytes(pid, field):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def uploaded(env, headers, content):
    """What a fresh server says to a packed upload, and how many MiB its worker had more at the most."""
    kind = headers | {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    with Server(env) as server:
        pid = worker(server)
        address = f"{server.url}/cargar_infracciones"
        assert httpx.post(address, content=gzip.compress(b""), headers=kind).status_code == 200
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is from now on
        before = mebibytes(pid, "VmRSS")
        told = httpx.post(address, content=content, headers=kind, timeout=120).json()
        return told, mebibytes(pid, "VmHWM") - before


def test_fifty_thousand_refused_rows_are_told_of_in_little_memory(env, headers):
    row = {"id": "x" * 64, "placa_patente": "-", "timestamp": "ayer", "comentarios": "\0"}
    content = gzip.compress(b"\n".join([json.dumps(row).encode()] * 50_000))
    told, more = uploaded(env, headers, content)
    assert told["rechazadas"] == len(told["detalle"]) == 50_000
    assert [each["linea"] for each in told["detalle"]] == list(range(1, 50_001))
    assert more < 40, f"{more:.0f} MiB"


def test_long_rows_are_taken_in_little_memory(env, headers):
    """A hundred megabytes and more of comments: the file is never in memory, packed or not."""
    rows = [
        json.dumps(FINE | {"id": str(uuid.uuid4()), "comentarios": "\u4e2d" * 2000}, ensure_ascii=False).encode()
        for _ in range(20_000)
    ]
    content = gzip.compress(b"\n".join(rows), compresslevel=1)
    assert sum(map(len, rows)) > 110 * 2**20
    del rows
    told, more = uploaded(env, headers, content)
    assert (told["nuevas"], told["rechazadas"]) == (20_000, 0)
    assert more < 64, f"{more:.0f} MiB"


def test_fifty_thousand_rows_are_taken_in_little_memory(env, headers):
    rows = (FINE | {"id": str(uuid.uuid4()), "comentarios": f"medición {number}"} for number in range(50_000))
    content = gzip.compress(b"\n".join(json.dumps(row).encode() for row in rows))
    told, more = uploaded(env, headers, content)
    assert (told["nuevas"], told["rechazadas"]) == (50_000, 0)
    assert more < 64, f"{more:.0f} MiB"


def test_a_worker_gives_back_what_a_photo_took(env, headers, tmp_path):
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((8100, 6100)).convert("RGB").save(picture, "PNG", compress_level=1)
    with bucket.served(tmp_path) as endpoint:
        kept = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "MEDIA_BUCKET": bucket.NAME}
        boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id=bucket.KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=bucket.KEYS["AWS_SECRET_ACCESS_KEY"],
        ).create_bucket(Bucket=bucket.NAME)
        with Server(env | bucket.KEYS | kept) as server:
            left = []
            for _ in range(3):  # by itself malloc keeps what comes after the first
                made = httpx.post(f"{server.url}/cargar_infraccion", json=FINE, headers=headers).json()["infraccion"]
                address, files = f"{server.url}/infracciones/{made['id']}/evidencia", {"foto": picture.getvalue()}
                answer = httpx.post(address, files=files, headers=headers, timeout=120)
                assert answer.status_code == 201, answer.text
                left.append(round(mebibytes(worker(server), "VmRSS")))
    assert max(left) < 150, f"MiB after each photo: {left}"


def test_an_idle_server_is_small(env, token):
    """Two containers, PostgreSQL and NGINX share a host of the smallest size."""
    proportional = 0
    with Server(env) as server:
        serving = workers(server)
        for process in (server.process.pid, *serving):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            proportional += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    assert len(serving) == 1
    assert proportional < 110 * 1024, f"{proportional // 1024} MiB"
