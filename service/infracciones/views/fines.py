"""POST /cargar_infraccion: an officer loads one fine."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from infracciones.moments import MomentError, read_moment
from infracciones.plates import plain_plate
from infracciones.registration import SpentKey, UnknownPlate, UnknownToken, officer_of, take
from infracciones.tokens import bearer, digest
from infracciones.views.answers import Refusal, answer, read_object
from infracciones.views.methods import methods

UNAUTHORIZED = "Falta un token válido: pida uno nuevo a la administración."


@csrf_exempt
@methods("POST")
def cargar_infraccion(request: HttpRequest) -> HttpResponse:
    token = bearer(request.headers.get("Authorization", ""))
    if token is None:
        raise Refusal(401, UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    try:
        key = _key(request)
        plate, moment, comment = read_fine(read_object(request))
    except Refusal:
        # who shows no token that works learns nothing of what was wrong with the rest
        if officer_of(digest(token)) is None:
            raise Refusal(401, UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}) from None
        raise
    try:
        taken = take(token=digest(token), plate=plate, moment=moment, comment=comment, key=key)
    except UnknownToken:
        raise Refusal(401, UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}) from None
    except UnknownPlate:
        raise Refusal(404, f"No hay un vehículo con la placa {plate}.") from None
    except SpentKey:
        raise Refusal(409, "Esa clave de idempotencia ya pertenece a otra infracción.") from None
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
    return timezone.localtime(moment).isoformat()


def read_fine(body: dict[str, Any]) -> tuple[str, datetime, str]:
    """Plate, moment and comment of a fine.

    Raises:
        Refusal: 422 with why, by field.
    """
    errors: dict[str, str] = {}
    plate, comment = body.get("placa_patente"), body.get("comentarios")
    if not isinstance(plate, str) or not 1 <= len(plate_of := plain_plate(plate[:200])) <= 20 or len(plate) > 200:
        errors["placa_patente"] = "Escriba la placa: de 1 a 20 letras y números."
    if not isinstance(comment, str):
        errors["comentarios"] = "Escriba un texto; puede estar vacío."
    elif len(comment) > 2000:
        errors["comentarios"] = "Tiene más de 2.000 caracteres."
    elif not _storable(comment):
        errors["comentarios"] = "Tiene caracteres que no se pueden guardar."
    moment = None
    try:
        moment = read_moment(body.get("timestamp"), zone=timezone.get_default_timezone(), now=timezone.now())
    except MomentError as error:
        errors["timestamp"] = str(error)
    if errors or moment is None:
        raise Refusal(422, "La infracción tiene datos que corregir.", errors=errors)
    return plate_of, moment, str(comment)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _key(request: HttpRequest) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refusal(400, "La clave de idempotencia debe tener de 1 a 255 caracteres.")
    return key
