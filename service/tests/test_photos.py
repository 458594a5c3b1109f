"""Photos as they are unpacked: one at a time in a process, and only so large."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from infracciones.evidence import photos
from PIL import Image, ImageFile
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


def progressive(again: int) -> bytes:
    """A JPEG in several scans, the last of which comes so many times more."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(out, "JPEG", progressive=True)
    content = out.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * again + content[-2:]


def test_scans_are_counted_as_far_as_the_end_of_the_picture_and_not_within_its_segments():
    plain = picture("JPEG", (64, 64))
    assert photos.scans(io.BytesIO(plain)) == 1
    remark = b"\xff\xfe\x00\x0a" + b"\xff\xda" * 4
    assert photos.scans(io.BytesIO(plain[:2] + remark + plain[2:] + b"\xff\xda" * 500)) == 1
    hidden = b"\xff\x01" + plain[plain.index(b"\xff\xda") : -2]
    assert photos.scans(io.BytesIO(plain[:-2] + hidden + plain[-2:])) == 2
    few = photos.scans(io.BytesIO(progressive(0)))
    assert 2 < few < photos.MOST_SCANS
    assert photos.scans(io.BytesIO(progressive(200))) == few + 200


def test_a_photo_that_is_gone_over_again_and_again_is_no_photo():
    assert photos.without_metadata(io.BytesIO(progressive(0))).type == "image/jpeg"
    with pytest.raises(photos.TooManyScans):
        photos.without_metadata(io.BytesIO(progressive(200)))


def test_a_jpeg_that_keeps_all_until_its_last_scan_has_fewer_points_than_others(monkeypatch):
    monkeypatch.setattr(photos, "MOST_OF_PROGRESSIVE", 64 * 64 - 1)
    photos.without_metadata(io.BytesIO(picture("JPEG", (64, 64))))
    with pytest.raises(photos.TooManyPixels):
        photos.without_metadata(io.BytesIO(progressive(0)))
