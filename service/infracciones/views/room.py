"""Room for files: they are long on their way, and leave a thread to single fines and to whoever asks for health."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from infracciones.views.answers import Refusal

# Of all kinds together, waiting or not: each holds a thread.
_files = threading.BoundedSemaphore(max(1, settings.WEB_THREADS - 1))


class Room:
    """Places for one kind of file in this process; who finds none waits for `wait` seconds, and is told `full` then."""

    def __init__(self, places: int, *, wait: float, full: str) -> None:
        self._places, self._wait, self._full = threading.BoundedSemaphore(places), wait, full

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for as long as the block lasts.

        Raises:
            Refusal: 503, there is none.
        """
        if not _files.acquire(blocking=False):
            raise self._none()
        try:
            if not self._places.acquire(timeout=self._wait):
                raise self._none()
            try:
                yield
            finally:
                self._places.release()
        finally:
            _files.release()

    def _none(self) -> Refusal:
        return Refusal(503, self._full, headers={"Retry-After": "5"})
