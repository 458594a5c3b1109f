"""What operators change at the command line, in the same history as what the office changes."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db.models import Model, QuerySet

NAME = "manage.py"  # who did it, as the history shows it


def record(things: Model | Iterable[Model] | QuerySet[Any], flag: int, what: str = "") -> None:
    """Writes an entry of a change (ADDITION, CHANGE or DELETION of django.contrib.admin.models) for each thing, `what` in words.

    It is of a user who cannot log in: who typed the command is in the log of the session on the host.
    """
    users = get_user_model()
    nobody = {"is_active": False, "password": make_password(None)}
    user, _ = users.objects.get_or_create(username=NAME, defaults=nobody)
    LogEntry.objects.log_actions(user.pk, [things] if isinstance(things, Model) else things, flag, what)
