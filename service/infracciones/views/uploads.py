"""POST /cargar_infracciones: a device uploads what its officer wrote while offline."""

import json
import re
from collections.abc import Iterable, Iterator
from sys import intern
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from infracciones.counts import Counts, count
from infracciones.registration import UnknownToken
from infracciones.uploads.bodies import Body, BodyError, TooLarge, TooSlow
from infracciones.uploads.intake import File, Fine, Outcome, Refused, take_all
from infracciones.uploads.rows import Row, Unreadable, elements, lines
from infracciones.views.answers import Refusal, body_stream
from infracciones.views.fines import FineError, check_fine
from infracciones.views.methods import methods
from infracciones.views.officers import officer, token_of, unauthorized
from infracciones.views.room import Room

_FORMATS = {"application/x-ndjson": lines, "application/json": elements}
_PACKINGS = {"identity": False, "gzip": True, "x-gzip": True}
_SHORT = 500  # refused rows of an answer that is sent in one piece
# Two keep two processors busy. Whoever comes next waits, as most files are short; a device would have to send its file again.
_room = Room(2, each=1, wait=10, full="Llegan muchos archivos a la vez: envíe el suyo otra vez en unos segundos.")


@methods("POST")
def cargar_infracciones(request: HttpRequest) -> HttpResponse:
    """Takes a file of fines, each row by itself; a row that was taken before is counted and changes nothing."""
    who, _number = officer(request)
    with _room.place(who):
        return _taken(request)


def _taken(request: HttpRequest) -> HttpResponse:
    read, packed = _format(request)
    stream, announced = body_stream(request)
    if announced is None:
        # Where its length is not said, the server tells the end of a file and of a connection alike. NGINX always says it.
        raise Refusal(400, "Diga el tamaño del archivo (Content-Length).")
    body = Body(stream, announced=announced, packed=packed, most=settings.UPLOAD_BYTES)
    file = File(format=f"{request.content_type}{'+gzip' if packed else ''}")
    try:
        outcome = take_all(_fines(read(body.pieces()), body, file), token=token_of(request), file=file)
    except UnknownToken:
        raise unauthorized() from None
    except (BodyError, Unreadable) as error:
        raise Refusal(400, str(error)) from None
    except IntegrityError:
        # a vehicle went between being looked up and being written; nothing was taken
        raise Refusal(503, "El archivo no se pudo tomar: envíelo otra vez.", headers={"Retry-After": "5"}) from None
    except TooSlow:
        raise Refusal(
            503, "El archivo tardó demasiado en leerse: envíelo otra vez, o en partes.", headers={"Retry-After": "30"}
        ) from None
    except TooLarge:
        raise Refusal(
            413,
            f"El archivo es demasiado grande: caben {settings.UPLOAD_ROWS} filas y {settings.UPLOAD_BYTES // 2**20} MiB. Divídalo.",
        ) from None
    count(request, Counts(accepted=outcome.new, repeated=outcome.repeated, refused=len(outcome.refused)))
    # of 50,000 refused rows it has twenty mebibytes, and is sent as it is written; a short one says its length
    kind = HttpResponse if len(outcome.refused) <= _SHORT else StreamingHttpResponse
    return kind(_told(outcome), content_type="application/json")


def _told(outcome: Outcome) -> Iterator[bytes]:
    """The answer, in pieces of many rows."""
    counts = {
        "recibidas": outcome.received,
        "nuevas": outcome.new,
        "repetidas": outcome.repeated,
        "rechazadas": len(outcome.refused),
    }
    yield json.dumps(counts)[:-1].encode() + b', "detalle": ['
    for begin in range(0, len(outcome.refused), _SHORT):
        rows = (
            {"linea": each.line, "id": each.id, "estado": "rechazada", "mensaje": each.why}
            for each in outcome.refused[begin : begin + _SHORT]
        )
        text = ", ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield (f", {text}" if begin else text).encode()
    yield b"]}"


def _format(request: HttpRequest) -> tuple[Any, bool]:
    """How the body is read, and whether gzip packed it."""
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.content_type not in _FORMATS or charset not in {"utf-8", "utf8"}:
        raise Refusal(
            415,
            "Envíe el archivo como application/x-ndjson, o un arreglo como application/json, en UTF-8.",
            headers={"Accept": ", ".join(_FORMATS)},
        )
    if packing not in _PACKINGS:
        raise Refusal(415, "Envíe el archivo sin comprimir o con gzip.", headers={"Accept-Encoding": "gzip, identity"})
    return _FORMATS[request.content_type], _PACKINGS[packing]


def _fines(rows: Iterable[Row], body: Body, file: File) -> Iterator[Fine | Refused]:
    """Each row as a fine, or why it is none; what is to be recorded of the file is known at the end."""
    zone, now = timezone.get_default_timezone(), timezone.now()
    for number, row in enumerate(rows, 1):
        if number > settings.UPLOAD_ROWS:
            raise TooLarge
        yield _fine(row, zone, now)
    file.size, file.sha256 = body.size, body.sha256


def _fine(row: Row, zone: Any, now: Any) -> Fine | Refused:
    if row.trouble:
        return Refused(row.line, None, row.trouble)
    if not isinstance(row.value, dict):
        return Refused(row.line, None, "La fila debe ser un objeto JSON.")
    given = row.value.get("id")
    id = _uuid(given)
    legible = isinstance(given, str) and len(given) <= 64 and given.isprintable()
    shown = given if legible else str(id) if id else None
    try:
        plate, moment, comment = check_fine(row.value, zone=zone, now=now)
    except FineError as error:
        errors = error.errors
    else:
        if id is not None:
            return Fine(row.line, id, plate, moment, comment, None if shown == str(id) else shown)
        errors = {}
    if id is None:
        errors = {"id": "Escriba el UUID que el dispositivo dio a la infracción."} | errors
    return Refused(row.line, shown, intern(" ".join(f"{field}: {why}" for field, why in errors.items())))


_UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE | re.ASCII)


def _uuid(text: object) -> UUID | None:
    """The UUID in any of its spellings."""
    text = text.strip().lower() if isinstance(text, str) else ""  # UUID takes urn:uuid: in small letters alone
    return UUID(text) if _UUID.fullmatch(text) else None
