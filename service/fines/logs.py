"""Logs: one JSON object a line on standard output, with the id of the request it belongs to."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What every record has; anything else was given as `extra` and is worth a field of its own.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (identity := request_id.get()) is not None:
            line["request_id"] = identity
        for name, value in vars(record).items():
            if name not in STANDARD:
                line.setdefault(name, value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_settings(level: str) -> dict[str, Any]:
    """A dictConfig for the service and for its server; level is a name such as INFO."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "fines.logs.JsonFormatter"}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
        },
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
            # Django's own set-up gives this one a console and mails to administrators: neither is wanted.
            "django": {"level": level, "handlers": [], "propagate": True},
            # The line of fines.request says the same of every refused request.
            "django.request": {"level": "ERROR"},
            # A name that is not the service's is its sender's fault, and answered 400.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "_granian": {"level": "WARNING", "handlers": [], "propagate": True},
        },
    }
