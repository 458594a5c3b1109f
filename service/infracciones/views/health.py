"""What load balancers ask: whether the process lives, and whether it can work."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from infracciones.views.answers import Refusal, answer
from infracciones.views.methods import methods

_migrated = False


@methods("GET", "HEAD")
def healthz(request: HttpRequest) -> HttpResponse:
    return answer({"mensaje": "El proceso vive."})


@methods("GET", "HEAD")
def readyz(request: HttpRequest) -> HttpResponse:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        # what was migrated once stays so: a newer release's migrations are compatible with this one
        _migrated = _migrated or not pending_migrations()
    except DatabaseError:
        raise Refusal(503, "La base de datos no responde.", headers={"Retry-After": "5"}) from None
    if not _migrated:
        raise Refusal(503, "Faltan migraciones de la base de datos.", headers={"Retry-After": "5"})
    return answer({"mensaje": "El servicio está listo."})


def pending_migrations() -> list[str]:
    """The names of this release's migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
