"""Serves the application: one worker process, whose threads come and go with the load.

The parent process only watches over the worker, so it imports nothing of the application: it stays small.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from granian import Granian
from granian.constants import HTTPModes, Interfaces

from fines.environment import Environment
from fines.logs import logging_settings

# The longest request ends with the database's time-out; a worker that has not drained after this long never will.
DRAIN_SECONDS = 40


def main() -> None:
    """Serve until SIGTERM, then answer what was begun, and end.

    Raises:
        ImproperlyConfigured: the environment is wrong; the message says how.
    """
    env = Environment(os.environ)
    address = env.text("WEB_ADDRESS", "0.0.0.0")  # noqa: S104  the container's own network; the host publishes the port
    port = env.integer("WEB_PORT", 8000, least=1, most=65535)
    threads = env.integer("WEB_THREADS", 4, least=1, most=64)
    level = env.choice("LOG_LEVEL", "INFO", of=("DEBUG", "INFO", "WARNING", "ERROR"))
    env.check()
    Granian(
        "fines.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        backlog=512,
        blocking_threads=threads,
        # An idle thread ends after this many seconds, and its connection to the database with it.
        blocking_threads_idle_timeout=60,
        runtime_blocking_threads=1,
        log_dictconfig=logging_settings(level),
        workers_kill_timeout=DRAIN_SECONDS,
        respawn_failed_workers=True,
    ).serve(target_loader=load, wrap_loader=False)


def load() -> Callable[..., Any]:
    """The application, in the worker."""
    try:
        from fines.wsgi import application
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    return application


if __name__ == "__main__":
    try:
        main()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
