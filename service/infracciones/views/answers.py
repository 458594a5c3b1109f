"""What the views share: reading JSON strictly, and answering in JSON with a sentence a person can act on."""

import io
import json
import re
from decimal import Decimal, DecimalException
from typing import Any

from django.http import HttpRequest, HttpResponse

BODY_LIMIT = 64 * 1024
DEEPEST = 32  # values within values
_BRACKETS = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)


class Refusal(Exception):
    """An answer of another status than 200; `errors` says why, by field."""

    def __init__(
        self, status: int, sentence: str, *, errors: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.errors, self.headers = status, sentence, errors, headers or {}

    def answer(self) -> HttpResponse:
        """The refusal as a response."""
        body: dict[str, Any] = {"mensaje": self.sentence}
        if self.errors:
            body["errores"] = self.errors
        return answer(body, status=self.status, headers=self.headers)


def answer(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """A response in JSON."""
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/json", headers=headers or {}
    )


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request's body; numbers with a fraction are Decimals.

    Raises:
        Refusal: 413 too large, 415 no JSON by its type or coding, 400 unreadable, 422 no object.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_LIMIT:
        raise _too_large()
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type != "application/json" or charset not in {"utf-8", "utf8"}:
        raise Refusal(415, "Envíe el cuerpo como application/json, en UTF-8.", headers={"Accept": "application/json"})
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Refusal(415, "Envíe el cuerpo sin comprimir.", headers={"Accept-Encoding": "identity"})
    try:
        text = _read(request).decode("utf-8-sig")
        if too_deep(text):
            raise ValueError("it is nested too deeply")
        value = _JSON.decode(text)
    except (ValueError, RecursionError):
        raise Refusal(400, "El cuerpo no se puede leer: debe ser JSON en UTF-8, sin claves repetidas.") from None
    if not isinstance(value, dict):
        raise Refusal(422, "El cuerpo debe ser un objeto JSON.", errors={"cuerpo": "No es un objeto."})
    return value


def _read(request: HttpRequest) -> bytes:
    """The whole body, whether its length was announced or it came in chunks."""
    stream, announced = body_stream(request)
    if announced is not None:
        body = stream.read(announced)
        if len(body) < announced:
            raise Refusal(400, "El cuerpo llegó incompleto: envíelo otra vez.")
        return body
    parts, size = [], 0
    while size <= BODY_LIMIT and (part := stream.read(BODY_LIMIT + 1 - size)):
        parts.append(part)
        size += len(part)
    if size > BODY_LIMIT:
        raise _too_large()
    return b"".join(parts)


def body_stream(request: HttpRequest) -> tuple[Any, int | None]:
    """What the body is read from, and its length where that was announced."""
    announced = request.META.get("CONTENT_LENGTH")
    if announced:
        return request, int(announced)
    if not request.META.get("wsgi.input_terminated"):
        return io.BytesIO(), 0
    # Django takes a body without a length for an empty one; this server ends the stream where the chunks end.
    return request.META["wsgi.input"], None


def _too_large() -> Refusal:
    return Refusal(413, "El cuerpo es demasiado grande: una infracción ocupa a lo sumo 64 KiB.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < 20 else _fraction(text)


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        # JSON sets no limit to an exponent, Decimal does; no field takes such a number.
        return Decimal("NaN")


def too_deep(text: str) -> bool:
    """Whether a JSON text has values within values further than anything of the contract, which has them two deep."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif found[0] in "]}":
            depth -= 1
    return False


def strict_json() -> json.JSONDecoder:
    """A decoder that takes what JSON allows and no more; numbers with a fraction are Decimals.

    Raises, when it decodes:
        ValueError, RecursionError: it is no JSON, a key is given twice, or it is nested too deeply.
    """
    return json.JSONDecoder(
        object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_fraction, parse_int=_integer
    )


_JSON = strict_json()
