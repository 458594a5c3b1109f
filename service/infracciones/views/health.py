"""What load balancers ask: whether the process lives, and whether it can work."""

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from infracciones.migrated import pending_migrations
from infracciones.views.answers import Refusal, answer
from infracciones.views.methods import methods

_AGAIN = {"Retry-After": "5"}


@methods("GET", "HEAD")
def healthz(request: HttpRequest) -> HttpResponse:
    """The process alone."""
    return answer({"mensaje": "El proceso vive."})


@methods("GET", "HEAD")
def readyz(request: HttpRequest) -> HttpResponse:
    """The process and its database, which must have this release's migrations."""
    try:
        pending = pending_migrations()
    except (DatabaseError, InterfaceError):
        raise Refusal(503, "La base de datos no responde.", headers=_AGAIN) from None
    if pending:
        raise Refusal(503, f"Faltan {len(pending)} migraciones de la base de datos.", headers=_AGAIN)
    return answer({"mensaje": "El servicio está listo."})
