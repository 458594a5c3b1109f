"""What an operator's move to another tier (`make promote`) has done in a pod: the verbs of the machines' stacks/host/bin/move.

The rows go through the buckets for backups, the photographs from bucket to bucket. Each verb may be repeated. What it has to tell is
one line of JSON.
"""

import gzip
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from fines.functions.authority import authority
from fines.jobs import store
from fines.jobs.said import ending

_APP = Path(__file__).parent.parent.parent
_PLACE = "promote"  # the folder of the buckets for backups that the other tier may read
_AT_ONCE = 16  # photographs
_Objects = dict[str, tuple[int, str]]  # size and tag, by key


def manage(*words: str, given: IO[bytes] | None = None, told: IO[bytes] | None = None) -> None:
    """The service's own command, as the service's user of the database."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "secret_key").write_text(secrets.token_hex(32))  # nothing is signed
        # What libraries tell of themselves would stand among the rows.
        own = {"SECRETS_DIR": folder, "DATABASE_TIMEOUT_MS": "0", "LOG_LEVEL": "WARNING"}
        if os.environ.get("DATABASE_CA"):
            own["DATABASE_CA"] = authority()
        command = [sys.executable, "manage.py", "trasladar", *words]
        subprocess.run(command, cwd=_APP, env=os.environ | own, check=True, stdin=given, stdout=told)


def put(bucket: str, name: str, *words: str, given: IO[bytes] | None = None) -> None:
    """Sends what a command says to a bucket, packed."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as packed:
        manage(*words, given=given, told=said)
        said.seek(0)
        with gzip.open(packed, "wb", compresslevel=1) as out:
            shutil.copyfileobj(said, out)
        packed.seek(0)
        store.client().upload_fileobj(packed, bucket, f"{_PLACE}/{name}")


def get(bucket: str, name: str) -> IO[bytes]:
    """What lies in a bucket, unpacked, as a file to read."""
    unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked reads it to its end
    with tempfile.TemporaryFile() as packed:
        store.client().download_fileobj(bucket, f"{_PLACE}/{name}", packed)
        packed.seek(0)
        with gzip.open(packed) as found:
            shutil.copyfileobj(found, unpacked)
    unpacked.seek(0)
    return unpacked


def objects(bucket: str, *, under: str = "") -> _Objects:
    """What a bucket holds; with `under`, what keys that begin so hold: of the backups a role may list no more."""
    pages = store.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=under)
    return {each["Key"]: (each["Size"], each["ETag"].strip('"')) for page in pages for each in page.get("Contents", [])}


def photos(theirs: str, ours: str) -> dict[str, Any]:
    """Copies the photographs that are not here yet, and takes those away that are not there any more; then compares."""
    there, here = objects(theirs), objects(ours)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        copies = [
            pool.submit(store.client().copy_object, Bucket=ours, Key=key, CopySource={"Bucket": theirs, "Key": key})
            for key, (size, _) in there.items()
            if here.get(key, (-1, ""))[0] != size
        ]
        gone = [pool.submit(store.client().delete_object, Bucket=ours, Key=key) for key in here.keys() - there.keys()]
        for each in [*copies, *gone]:
            each.result()
    return compared(objects(theirs), objects(ours))


def compared(theirs: _Objects, ours: _Objects) -> dict[str, Any]:
    """How many there are here, their bytes, and what is not the same.

    What came in several parts has a tag of their number, which no copy has: its size says enough.
    """
    differ = sorted(key for key in theirs.keys() | ours.keys() if not _are_same(theirs.get(key), ours.get(key)))
    return {
        "count": len(ours),
        "bytes": sum(size for size, _ in ours.values()),
        "differ": len(differ),
        "first": differ[0] if differ else "",
    }


def _are_same(one: tuple[int, str] | None, other: tuple[int, str] | None) -> bool:
    if one is None or other is None or one[0] != other[0]:
        return False
    return one[1] == other[1] or "-" in one[1]


def clear(bucket: str) -> None:
    """Takes away what was on its way."""
    for key in objects(bucket, under=f"{_PLACE}/"):
        store.client().delete_object(Bucket=bucket, Key=key)


_VERBS: dict[str, tuple[int, Callable[..., object]]] = {
    "state": (0, lambda: manage("estado")),
    "pause": (1, lambda why: manage("pausar", why)),
    "resume": (0, lambda: manage("reanudar")),
    "sums": (0, lambda: manage("sumas")),
    "digests": (1, lambda bucket: put(bucket, "digests.gz", "huellas")),
    "send": (2, lambda theirs, ours: put(ours, "rows.gz", "exportar", given=get(theirs, "digests.gz"))),
    "take": (1, lambda theirs: manage("importar", given=get(theirs, "rows.gz"))),
    "photos": (2, lambda theirs, ours: print(json.dumps(photos(theirs, ours)))),
    "clear": (1, clear),
}


def main(words: list[str]) -> None:
    if not words or words[0] not in _VERBS or len(words) - 1 != _VERBS[words[0]][0]:
        raise ValueError(f"use: job move {' | '.join(_VERBS)}, with its buckets")
    _VERBS[words[0]][1](*words[1:])


if __name__ == "__main__":
    with ending("moving"):
        main(sys.argv[1:])
