"""POST /cargar_infraccion: an officer loads one fine."""

from datetime import datetime, tzinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from infracciones.counts import Counts, count
from infracciones.moments import MomentError, read_moment
from infracciones.plates import plain_plate, validate_plate
from infracciones.registration import SpentKey, UnknownPlate, UnknownToken, take
from infracciones.views.answers import Refusal, answer, read_object
from infracciones.views.methods import methods
from infracciones.views.officers import officer, token_of, unauthorized

LONGEST_COMMENT = 2000
LONGEST_KEY = 255


@methods("POST")
def cargar_infraccion(request: HttpRequest) -> HttpResponse:
    """Loads a fine, or answers as before where its key made it before."""
    count(request, Counts())
    try:
        return _loaded(request)
    except Refusal as refusal:
        # who shows no token that works has no fine that could be refused
        count(request, Counts(refused=int(refusal.status != 401)))
        raise


def _loaded(request: HttpRequest) -> HttpResponse:
    token = token_of(request)
    try:
        key = _key(request)
        plate, moment, comment = read_fine(read_object(request))
    except Refusal:
        # who shows no token that works learns nothing of what was wrong with the rest
        officer(request)
        raise
    try:
        taken = take(token=token, plate=plate, moment=moment, comment=comment, key=key)
    except UnknownToken:
        raise unauthorized() from None
    except UnknownPlate:
        raise Refusal(404, f"No hay un vehículo con la placa {plate}: revísela, o avise a la administración.") from None
    except SpentKey:
        raise Refusal(
            409, "Esa clave de idempotencia ya pertenece a otra infracción: use una nueva para cada una."
        ) from None
    count(request, Counts(repeated=1) if taken.replayed else Counts(accepted=1))
    fine = {
        "id": taken.id,
        "placa_patente": plate,
        "timestamp": shown(moment),
        "comentarios": comment,
        "oficial": taken.officer,
    }
    headers = {"Idempotent-Replayed": "true"} if taken.replayed else {}
    return answer({"mensaje": "Infracción registrada.", "infraccion": fine}, headers=headers)


def shown(moment: datetime) -> str:
    """ISO 8601 with the offset of the service's time zone."""
    return timezone.localtime(moment, timezone.get_default_timezone()).isoformat()


class FineError(ValueError):
    """A fine has data to be mended; `errors` says why, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(errors)
        self.errors = errors


def read_fine(body: dict[str, Any]) -> tuple[str, datetime, str]:
    """Plate, moment and comment of a fine.

    Raises:
        Refusal: 422 with why, by field.
    """
    try:
        return check_fine(body, zone=timezone.get_default_timezone(), now=timezone.now())
    except FineError as error:
        raise Refusal(422, "La infracción tiene datos que corregir.", errors=error.errors) from None


def check_fine(body: dict[str, Any], *, zone: tzinfo, now: datetime) -> tuple[str, datetime, str]:
    """Plate, moment and comment of a fine; `zone` is that of a time without offset.

    Raises:
        FineError: with why, by field.
    """
    errors: dict[str, str] = {}
    plate, moment, comment = body.get("placa_patente"), None, body.get("comentarios")
    try:
        if not isinstance(plate, str):
            raise ValidationError("Escriba la placa: de 1 a 20 letras y números.")
        validate_plate(plate)
    except ValidationError as error:
        errors["placa_patente"] = error.messages[0]
    try:
        moment = read_moment(body.get("timestamp"), zone=zone, now=now)
    except MomentError as error:
        errors["timestamp"] = str(error)
    if not isinstance(comment, str):
        errors["comentarios"] = "Escriba un texto; puede estar vacío."
    elif len(comment) > LONGEST_COMMENT:
        errors["comentarios"] = f"Tiene {len(comment)} caracteres; caben {LONGEST_COMMENT}."
    elif not _storable(comment):
        errors["comentarios"] = "Tiene caracteres que no se pueden guardar."
    if errors or moment is None:
        raise FineError(errors)
    return plain_plate(str(plate)), moment, str(comment)


def _storable(text: str) -> bool:
    """Whether PostgreSQL can keep the text: no NUL, and no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(request: HttpRequest) -> str | None:
    """The idempotency key. HTTP's headers are ASCII: the server hands over any other as an empty one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or "\0" in key:
        raise Refusal(400, f"La clave de idempotencia debe tener de 1 a {LONGEST_KEY} caracteres ASCII.")
    # NGINX and the server write two headers of a name with another comma between them: one header they write alike.
    if request.headers.get("X-Idempotency-Seen", key) != key:
        raise Refusal(400, "La clave de idempotencia está dos veces: mande una sola cabecera Idempotency-Key.")
    return key
