"""Room for files: they are long on their way, and leave a thread to single fines and to whoever asks for health."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from infracciones.views.answers import Refusal

# Of all kinds together, waiting or not: each holds a thread.
_files = threading.BoundedSemaphore(max(1, settings.WEB_THREADS - 1))


class Room:
    """Places for one kind of file in this process; who finds none waits for `wait` seconds, and is told `full` then.

    An officer has `each` of them at a time: who sends many files keeps nobody else's out for longer than they wait.
    """

    def __init__(self, places: int, *, each: int, wait: float, full: str) -> None:
        self._places, self._each, self._wait, self._full = places, each, wait, full
        self._held: Counter[int] = Counter()  # places of an officer
        self._changed = threading.Condition()

    @contextmanager
    def place(self, officer: int) -> Iterator[None]:
        """A place for as long as the block lasts.

        Raises:
            Refusal: 503, there is none.
        """
        # Nobody waits here: the thread that waited would be the one that is to stay free.
        if not _files.acquire(blocking=False):
            raise self._none()
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._is_room(officer), timeout=self._wait):
                    raise self._none()
                self._held[officer] += 1
            try:
                yield
            finally:
                with self._changed:
                    self._held[officer] -= 1
                    self._held += Counter()  # who has none is forgotten
                    self._changed.notify_all()
        finally:
            _files.release()

    def _is_room(self, officer: int) -> bool:
        return self._held.total() < self._places and self._held[officer] < self._each

    def _none(self) -> Refusal:
        return Refusal(503, self._full, headers={"Retry-After": "5"})
