"""Photos as they are unpacked: one at a time in a process, and only so large."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infracciones.evidence import photos
from PIL import ImageFile
from testing.pictures import picture


def test_two_photos_are_not_unpacked_at_once(monkeypatch):
    inside, most, plain = set(), [], ImageFile.ImageFile.load

    def load(self: ImageFile.ImageFile) -> Any:
        inside.add(threading.get_ident())
        most.append(len(inside))
        try:
            return plain(self)
        finally:
            inside.discard(threading.get_ident())

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    content = picture("PNG", (1200, 1200))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: photos.without_metadata(io.BytesIO(content)), range(8)))
    assert len(made) == 8
    assert max(most) == 1
