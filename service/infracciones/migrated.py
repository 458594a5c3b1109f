"""Whether the database is as this release needs it."""

import pkgutil
from functools import cache
from importlib import import_module

import psycopg
from django.apps import apps
from django.db import ProgrammingError, connection


def pending_migrations() -> list[str]:
    """The names of this release's migrations that the database lacks; DatabaseError where it cannot be asked.

    Django's own executor would import every migration; the names of the files say the same to a process that only
    serves, and is asked every few seconds.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except ProgrammingError as error:
        if not isinstance(error.__cause__, psycopg.errors.UndefinedTable):
            raise
        applied = set()  # there is no such table before the first migration
    return [f"{app}.{name}" for app, name in _wanted() if (app, name) not in applied]


def release_migrations() -> list[str]:
    """The names of this release's migrations."""
    return [f"{app}.{name}" for app, name in _wanted()]


@cache
def _wanted() -> tuple[tuple[str, str], ...]:
    found = []
    for config in apps.get_app_configs():
        try:
            folder = import_module(f"{config.name}.migrations")
        except ModuleNotFoundError:
            continue
        names = (module.name for module in pkgutil.iter_modules(folder.__path__))
        found += [(config.label, name) for name in names if name[0] not in "_~"]
    return tuple(sorted(found))
