"""POST and GET /infracciones/{id}/evidencia: the photo of a fine."""

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from infracciones.evidence.keeping import AlreadyThere, StorageError, Vanished, fine_of, keep, link
from infracciones.evidence.photos import NoPhoto, TooManyPixels, without_metadata
from infracciones.models import Evidencia, Infraccion
from infracciones.views.answers import Refusal, answer
from infracciones.views.fines import shown
from infracciones.views.methods import methods
from infracciones.views.officers import officer
from infracciones.views.room import Room

LARGEST = 10 * 2**20  # bytes of a photo
_AROUND = 64 * 2**10  # of the form around it
# A photo waits for the bucket, on a thread that single fines need: half of four, and it does not wait for its turn as well.
_room = Room(2, each=2, wait=0, full="Llegan muchas fotos a la vez: repita en unos segundos.")


@methods("GET", "HEAD", "POST")
def evidencia(request: HttpRequest, name: str) -> HttpResponse:
    """Takes a photo, or says where it can be seen; for the officer who made the fine."""
    who, _number = officer(request)
    fine = fine_of(who, name)
    if fine is None:
        raise Refusal(404, "No hay una infracción suya con ese número: revíselo.")
    if request.method != "POST":
        return _show(fine)
    with _room.place(who):
        return _keep(request, fine)


def _keep(request: HttpRequest, fine: Infraccion) -> HttpResponse:
    upload = _photo(request)
    try:
        photo = without_metadata(upload)  # type: ignore[arg-type]
    except NoPhoto:
        raise Refusal(415, "El archivo no es una foto: envíe un JPEG, PNG o WebP entero.") from None
    except TooManyPixels:
        raise Refusal(
            413,
            "La foto tiene demasiados puntos: envíela con 50 megapíxeles a lo sumo (25 si es un JPEG progresivo, 12 si es WebP).",
        ) from None
    try:
        keep(fine, photo)
    except AlreadyThere:
        raise Refusal(409, "La infracción ya tiene su foto, que queda como está.") from None
    except Vanished:
        raise Refusal(404, "No hay una infracción suya con ese número: revíselo.") from None
    except StorageError:
        raise Refusal(
            503, "La foto no se pudo guardar: repita en unos segundos.", headers={"Retry-After": "5"}
        ) from None
    return answer(
        {"mensaje": "Foto guardada.", "evidencia": {"tipo": photo.type, "bytes": len(photo.content)}},
        status=201,
        headers={"Location": f"/infracciones/{fine.pk}/evidencia"},
    )


def _photo(request: HttpRequest) -> UploadedFile:
    """The file of the form, read once its size is known to be allowed."""
    if request.content_type != "multipart/form-data":
        raise Refusal(
            415,
            "Envíe la foto en un formulario multipart/form-data, en el campo foto.",
            headers={"Accept": "multipart/form-data"},
        )
    announced = request.META.get("CONTENT_LENGTH")
    if not announced:
        raise Refusal(400, "Diga el tamaño de la petición (Content-Length).")
    if int(announced) > LARGEST + _AROUND:
        raise _too_large()
    try:
        upload = request.FILES.get("foto")
    except RequestDataTooBig:  # a field of text beside the photo, which Django would keep in memory
        raise _too_large() from None
    except (MultiPartParserError, SuspiciousOperation, ValueError, OSError):
        raise Refusal(400, "El formulario no se puede leer o llegó incompleto: envíelo otra vez.") from None
    if upload is None:
        raise Refusal(422, "Falta la foto.", errors={"foto": "Envíe un archivo JPEG, PNG o WebP en este campo."})
    if upload.size is None or upload.size > LARGEST:
        raise _too_large()
    return upload


def _too_large() -> Refusal:
    return Refusal(413, "El formulario es demasiado grande: envíe la foto sola, de a lo sumo 10 MiB.")


def _show(fine: Infraccion) -> HttpResponse:
    evidence = Evidencia.objects.filter(infraccion=fine).first()
    if evidence is None:
        raise Refusal(404, "Esa infracción no tiene foto.")
    try:
        url, until = link(evidence)
    except StorageError:
        raise Refusal(
            503, "La foto no se puede mostrar por ahora: repita en unos segundos.", headers={"Retry-After": "5"}
        ) from None
    return answer({"url": url, "vence": shown(until)}, headers={"Cache-Control": "no-store"})
