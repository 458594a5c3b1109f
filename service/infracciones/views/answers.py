"""What the views share: reading JSON strictly, and answering in JSON with a sentence a person can act on."""

import json
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

BODY_LIMIT = 64 * 1024


class Refusal(Exception):
    """An answer of another status than 200; `errors` says why, by field."""

    def __init__(
        self, status: int, sentence: str, *, errors: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.errors, self.headers = status, sentence, errors, headers or {}

    def answer(self) -> HttpResponse:
        body: dict[str, Any] = {"mensaje": self.sentence}
        if self.errors:
            body["errores"] = self.errors
        return answer(body, status=self.status, headers=self.headers)


def answer(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/json", headers=headers or {}
    )


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request's body; numbers with a fraction are Decimals.

    Raises:
        Refusal: 413 too large, 415 no JSON by its type, 400 unreadable, 422 no object.
    """
    if int(request.headers.get("Content-Length") or 0) > BODY_LIMIT:
        raise Refusal(413, "El cuerpo es demasiado grande: una infracción ocupa a lo sumo 64 KiB.")
    if request.content_type != "application/json":
        raise Refusal(415, "Envíe el cuerpo como application/json.")
    body = request.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        raise Refusal(413, "El cuerpo es demasiado grande: una infracción ocupa a lo sumo 64 KiB.")
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=Decimal, parse_int=_integer
        )
    except (ValueError, RecursionError):
        raise Refusal(400, "El cuerpo no es JSON legible en UTF-8.") from None
    if not isinstance(value, dict):
        raise Refusal(422, "El cuerpo debe ser un objeto JSON.", errors={"cuerpo": "No es un objeto."})
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < 20 else Decimal(text)
