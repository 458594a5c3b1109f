"""Files that devices upload: each row is taken once however the file comes, and a stranger's file is not even read."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import ssl
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.containers import answered_by
from rehearsal.checks.database import ask
from rehearsal.checks.files import cut_off, must_add_up, packed, posted, sent
from rehearsal.checks.people import People
from rehearsal.checks.reports import marked, must_be_as_written, written
from rehearsal.checks.wire import connected, head

_ROWS, _CUT = 3000, 10
_TRIES = 6  # until two containers decide between three files that come at once
_FOLLOWING = 20  # files: by chance alone all of them come to one container once in half a million times
_RECORDED = """
SELECT count(*), count(DISTINCT numero), min(numero), min(bytes), min(recibida) > now() - interval '2 minutes'
FROM infracciones_carga c JOIN infracciones_oficial o ON o.id = c.oficial_id WHERE encode(resumen, 'hex') = '{digest}'
"""
_ARRIVES = 0.5  # seconds that what was sent may be on its way
_FILES = "/cargar_infracciones"
_ENDLESS = 64  # MiB after which what should have been refused is given up
_SOON = 5.0  # seconds within which a refusal comes that waits for no body


@check("single")
def an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once(subject: Subject) -> str:
    people = People.make(subject, officers=2, owners=5)
    mark = uuid.uuid4().hex
    rows = _rows(people, mark)
    cut_off(people, 0, packed(rows))
    _cut_where_rows_end(subject, people, rows[:_CUT])
    if found := list(marked(people, mark)):
        raise CheckError(f"files that were cut off left {len(found)} fines")
    for _ in range(_TRIES):
        told, where = _resumed_and_sent_three_times_at_once(subject, people, mark, rows)
        if len(where) > 1:
            break
        mark = uuid.uuid4().hex  # to which containers they come is chance
        rows = _rows(people, mark)
    else:
        raise CheckError(f"all three came to {where}, {_TRIES} times: two containers were to decide between them")
    _must_be_spread(subject, people)
    _must_be_read_as_devices_write(people)
    return told


def _resumed_and_sent_three_times_at_once(
    subject: Subject, people: People, mark: str, rows: list[bytes]
) -> tuple[str, list[str]]:
    """Sends a part of a file, and then the file three times at once; returns what came of it, and which containers answered.

    Raises:
        CheckError: a row was not taken once as it was written, or what the answers and the records say does not add up.
    """
    content = packed(rows)
    resumed = sent(people, 0, packed(rows[: _ROWS // 3]))
    must_add_up(resumed, new=_ROWS // 3, repeated=0, refused=0)
    with ThreadPoolExecutor(3) as pool:
        came = list(
            pool.map(lambda slash: answered(posted(people, 0, content, slash=slash), 200), (False, True, False))
        )
    answers = [each.json() for each in came]
    for answer in answers:
        must_add_up(answer, refused=3)
    if (new := sum(answer["nuevas"] for answer in answers)) != _ROWS - _ROWS // 3:
        raise CheckError(f"three at once were told of {new} new fines, {_ROWS - _ROWS // 3} are")
    expected = {"la fila no se puede leer", "no hay un vehículo", "ese id ya pertenece"}
    said = {each["mensaje"].lower() for each in answers[0]["detalle"]}
    if missing := [reason for reason in expected if not any(reason in sentence for sentence in said)]:
        raise CheckError(f"nobody was told {missing}: {sorted(said)}")
    must_be_as_written(people, mark, (written(row, people.number_of(0)) for row in rows[:_ROWS]))
    _must_be_recorded(subject, people, mark, content)
    spread = " + ".join(str(answer["nuevas"]) for answer in answers)
    told = f"{_ROWS} rows there once: {resumed['nuevas']} by a part, {spread} by three at once; 3 refused each time"
    return told, answered_by(subject, {each.headers["X-Request-Id"] for each in came})


def _must_be_recorded(subject: Subject, people: People, mark: str, content: bytes) -> None:
    """Who uploaded which file when, and how many fines it made."""
    made = f"(SELECT carga_id FROM infracciones_infraccion WHERE comentarios LIKE '{mark}%')"  # noqa: S608  the mark is ours
    recorded = ask(subject, f"SELECT count(*), sum(nuevas) FROM infracciones_carga WHERE id IN {made}")  # noqa: S608
    if recorded.split("|")[1] != str(_ROWS):
        raise CheckError(f"the records of the uploads (how many, new fines) say {recorded}, {_ROWS} were made")
    whole = ask(subject, _RECORDED.format(digest=hashlib.sha256(content).hexdigest()))
    if whole != f"3|1|{people.number_of(0)}|{len(content)}|t":
        raise CheckError(
            f"of the file that came three times it is recorded (times, officers, who, bytes, now): {whole}"
        )


def _must_be_read_as_devices_write(people: People) -> None:
    """A mark of UTF-8 before all, ends of lines as Windows has them, blank lines, no lines; and ids that another officer has, too."""
    mark = uuid.uuid4().hex
    first, second, *_ = _rows(people, mark)
    odd = gzip.compress(b"\xef\xbb\xbf" + b"\r\n".join([first, b"", b"no json", second]))
    must_add_up(answer := sent(people, 0, odd), new=2, repeated=0, refused=1)
    if (line := answer["detalle"][0]["linea"]) != 3:
        raise CheckError(f"the third line of a file cannot be read, and its device was told of line {line}")
    must_add_up(sent(people, 0, gzip.compress(b"")), new=0, repeated=0, refused=0)
    must_add_up(sent(people, 1, packed([first])), new=1, repeated=0, refused=0)
    by = [(first, people.number_of(0)), (second, people.number_of(0)), (first, people.number_of(1))]
    must_be_as_written(people, mark, (written(row, officer) for row, officer in by))


def _must_be_spread(subject: Subject, people: People) -> None:
    """Files that follow each other do not all come to the same container."""
    small = [packed([row]) for row in _rows(people, uuid.uuid4().hex)[:_FOLLOWING]]
    came = {answered(posted(people, 0, each), 200).headers["X-Request-Id"] for each in small}
    if len(where := answered_by(subject, came)) < 2:
        raise CheckError(f"all of {_FOLLOWING} files that followed each other came to {where}")


def _cut_where_rows_end(subject: Subject, people: People, rows: list[bytes]) -> None:
    """Sends whole rows of a file that was to be longer, and goes away: nothing but its length tells that some are missing.

    Raises:
        CheckError: NGINX has no line of one of them, so that nobody knows whether it came.
    """
    sent = b"\n".join(rows) + b"\n"
    line = '"uri":"/cargar_infracciones"'
    before = _lines(subject, line)
    announced = head(subject, _FILES, people.tokens[0], len(sent) + 40)
    chunked = announced.replace(f"Content-Length: {len(sent) + 40}".encode(), b"Transfer-Encoding: chunked")
    for start, body in ((announced, sent), (chunked, f"{len(sent):x}\r\n".encode() + sent + b"\r\n")):
        with connected(subject) as connection:
            connection.sendall(start + body)
            time.sleep(_ARRIVES)
    time.sleep(_ARRIVES)
    if (seen := _lines(subject, line) - before) < len((announced, chunked)):
        raise CheckError(f"of two files that were cut off where a row ends NGINX saw {seen}")


def _lines(subject: Subject, text: str) -> int:
    return int(
        subject.host.run("grep", "-c", "--fixed-strings", text, "/var/log/nginx/fines.log", check=False).stdout or 0
    )


@check("single")
def a_file_of_a_stranger_or_of_a_gibibyte_is_refused_before_it_is_read(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    seen = []
    for name, token, size, status, path in (
        ("a stranger's token", "nobody", 2**20, 401, _FILES),
        ("no token", None, 2**20, 401, _FILES),
        ("an officer's token, a GiB", people.tokens[0], 2**30, 413, _FILES),
        ("a fine of a GiB", people.tokens[0], 2**30, 413, "/cargar_infraccion"),
        ("a photo of a GiB", people.tokens[0], 2**30, 413, "/infracciones/1/evidencia"),
    ):
        began = time.monotonic()
        answer = _announced(subject, path, token, size)
        seconds = time.monotonic() - began
        if f" {status} " not in answer.partition("\r\n")[0] or '"mensaje"' not in answer:
            raise CheckError(f"{name}: {answer[:200]!r}, {status} was due")
        if seconds > _SOON:
            raise CheckError(f"{name}: the answer came after {seconds:.0f} s")
        seen.append(f"{name}: {status}")
    for path in ("/cargar_infraccion", "/infracciones/1/evidencia"):
        answer, mebibytes = _endless(subject, path, people.tokens[0])
        if " 413 " not in answer.partition("\r\n")[0] or '"mensaje"' not in answer:
            raise CheckError(f"what has no end at {path} was answered {answer[:200]!r} after {mebibytes} MiB")
        seen.append(f"no end at {path}: 413 after {mebibytes} MiB")
    return "; ".join(seen) + "; where the size was told, not a byte of a body was sent"


def _rows(people: People, mark: str) -> list[bytes]:
    """Rows that can be taken, and at the end three that cannot: no JSON, an unknown plate, another fine's id."""
    now = time.time() - _ROWS
    fines: list[dict[str, Any]] = [
        {
            "id": str(uuid.uuid4()),
            "placa_patente": people.plates[number % len(people.plates)],
            "timestamp": round(now + number, 3),
            "comentarios": f"{mark} {number}",
        }
        for number in range(_ROWS)
    ]
    wrong = [
        b'{"id": ',
        json.dumps(fines[0] | {"id": str(uuid.uuid4()), "placa_patente": "NADIE0"}).encode(),
        json.dumps(fines[1] | {"comentarios": "otra"}).encode(),
    ]
    return [json.dumps(fine).encode() for fine in fines] + wrong


def _announced(subject: Subject, path: str, token: str | None, size: int) -> str:
    """The answer to a body of which the head alone was sent."""
    with connected(subject) as connection:
        connection.sendall(head(subject, path, token, size))
        return _read(connection)


def _endless(subject: Subject, path: str, token: str) -> tuple[str, int]:
    """The answer to a body that does not say how long it is and goes on, and how many MiB of it were sent."""
    start = head(subject, path, token, 1).replace(b"Content-Length: 1", b"Transfer-Encoding: chunked")
    piece, sent, came = b"100000\r\n" + bytes(2**20) + b"\r\n", 0, b""
    with connected(subject) as connection:
        connection.sendall(start)
        with contextlib.suppress(ConnectionError):  # it is closed for more: the answer is there
            while sent < _ENDLESS and not came:
                connection.settimeout(_SOON)
                connection.sendall(piece)
                sent += 1
                connection.settimeout(0.02)  # what can be read may be TLS's own, and no answer
                with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                    came = connection.recv(65536)
        connection.settimeout(_SOON)
        return came.decode(errors="replace") + ("" if b"}" in came else _read(connection)), sent


def _read(connection: ssl.SSLSocket) -> str:
    """An answer as it came, to the end of its JSON."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
            if b"}" in part:
                break
    return b"".join(parts).decode(errors="replace")
