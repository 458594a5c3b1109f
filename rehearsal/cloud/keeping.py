"""Threads beside MiniStack's own: what is done again and again, and what goes on beside the call that began it."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("rehearsal.keeping")


def keep(name: str, what: Callable[[], None], *, region: str, every: float) -> None:
    """Calls it every so many seconds from now on; what fails is told, and tried again."""

    def again_and_again() -> None:
        from ministack.core.responses import set_request_region

        set_request_region(region)
        while True:
            time.sleep(every)
            try:
                what()
            except Exception:
                log.exception("%s could not be kept in step", name)

    threading.Thread(target=again_and_again, name=name, daemon=True).start()


def beside(what: Callable[..., None], *given: object, name: str) -> threading.Thread:
    """Begins something that the caller does not wait for, in the account and region of its call."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(what, *given), name=name, daemon=True)
    thread.start()
    return thread
