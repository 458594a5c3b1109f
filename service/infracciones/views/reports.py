"""GET and POST /generar_informe: the fines of every vehicle in a person's name."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from infracciones.reports import MOST, PAGE, START, Cursor, page, person
from infracciones.shapes import NAMES_OF_MAIL
from infracciones.views.answers import Refusal, answer, read_object
from infracciones.views.fines import shown
from infracciones.views.methods import methods
from infracciones.views.officers import officer


@methods("GET", "HEAD", "POST")
def generar_informe(request: HttpRequest) -> HttpResponse:
    """A page of a person's fines, newest first."""
    # Who shows a token is not counted with strangers, so it must be one that works.
    if settings.REPORT_NEEDS_TOKEN or "Authorization" in request.headers:
        officer(request)
    if request.method == "POST":
        given = read_object(request)
        mail = _mail(given)
    else:
        given = request.GET.dict()
        # An address has no space: one that arrives in a query was a plus sign that nobody escaped.
        mail = _mail({name: given[name].strip().replace(" ", "+") for name in NAMES_OF_MAIL if name in given})
    limit, after = _limit(given.get("limite", PAGE)), _cursor(given.get("desde"))
    found = person(mail)
    if found is None:
        raise Refusal(404, "No hay una persona con ese correo: revise la dirección.")
    lines, following = page(found[0], limit=limit, after=after)
    fines = [
        {
            "id": f.id,
            "placa_patente": f.plate,
            "timestamp": shown(f.moment),
            "comentarios": f.comment,
            "oficial": f.officer,
            "evidencia": f.evidence,
        }
        for f in lines
    ]
    report = {"correo": found[1], "infracciones": fines, "siguiente": following.write() if following else None}
    return answer(report, headers={"Cache-Control": "no-store"})  # what is told of somebody stays in no cache


def _mail(given: Mapping[str, Any]) -> str:
    mail = next((given[name] for name in NAMES_OF_MAIL if name in given), None)
    if not isinstance(mail, str) or "@" not in mail or len(mail := mail.strip()) > 254 or not mail.isprintable():
        raise Refusal(
            422,
            "Falta el correo de la persona.",
            errors={"correo": "Escriba un correo electrónico, como persona@ejemplo.com."},
        )
    return mail


def _limit(value: object) -> int:
    # What else JSON may hold is not written out to be looked at: nested deeply enough it would take more stack than there is.
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MOST):
        raise Refusal(422, "El límite no sirve.", errors={"limite": f"Escriba un número de 1 a {MOST}."})
    return int(text)


def _cursor(value: object) -> Cursor:
    if value is None:
        return START
    try:
        return Cursor.read(value if isinstance(value, str) else "")
    except ValueError:
        raise Refusal(
            422, "El cursor no sirve.", errors={"desde": "Use el valor de «siguiente» de la página anterior."}
        ) from None
