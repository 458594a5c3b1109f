"""Photos as devices send them, and as they are kept: the same picture, and nothing that says where and with what it was taken."""

import io
import re
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image, JpegImagePlugin

MOST_PIXELS = 50_000_000  # three bytes each while unpacked, and once more while packed
MOST_OF_WEBP = 12_600_000  # a telephone's twelve megapixels; its encoder takes six times as much a point
# A JPEG in several scans, progressive or not: all its numbers are kept until the last one, six bytes a point.
MOST_OF_PROGRESSIVE = 25_000_000
# Each scan of it goes over the whole picture once more, and takes a few bytes to send; cameras and programs make some ten.
MOST_SCANS = 64
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit, which warns at one size and fails at another
_ORIENTATION = 0x0112  # the one tag of EXIF that stays: without it a picture lies on its side
_KINDS = {
    "JPEG": ("image/jpeg", "jpg"),
    "MPO": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
# One at a time in a process: unpacked, a photo takes as much memory as everything else there.
_unpacking = threading.Lock()


class NoPhoto(ValueError):
    """The content is no picture of a kind that is taken, or is damaged."""


class TooManyScans(NoPhoto):
    """The picture would be gone over again and again: nobody's camera makes such a file."""


class TooManyPixels(ValueError):
    """The picture is small as a file, and too large once unpacked."""


@dataclass(frozen=True)
class Photo:
    """A picture to be kept: its bytes, media type, and the ending of its name."""

    content: bytes
    type: str
    ending: str


def without_metadata(file: BinaryIO) -> Photo:
    """The picture of a file, whatever the file's name or sender say that it is.

    A JPEG is packed with its own tables, which changes nothing that can be seen; what follows the picture's end goes too.

    Raises:
        NoPhoto, TooManyPixels: it is not taken.
    """
    try:
        picture = Image.open(file, formats=("JPEG", "PNG", "WEBP"))
    except Exception as error:  # a decoder meets whatever bytes somebody sends; any complaint of its says the same
        raise NoPhoto from error
    passes = scans(file) if picture.format in ("JPEG", "MPO") else 1
    if picture.width * picture.height > _most_pixels(picture, passes):
        raise TooManyPixels
    if passes > MOST_SCANS:
        raise TooManyScans
    # Some phones append a second picture to a JPEG; an animation is no photo.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise NoPhoto
    type, ending = _KINDS[str(picture.format)]
    out = io.BytesIO()
    with _unpacking:
        try:
            picture.load()
            picture.save(out, **_options(picture, ending))
        except Exception as error:
            raise NoPhoto from error
        finally:
            picture.close()
    return Photo(out.getvalue(), type, ending)


def _most_pixels(picture: Image.Image, passes: int) -> int:
    if picture.format == "WEBP":
        return MOST_OF_WEBP
    return MOST_OF_PROGRESSIVE if passes > 1 else MOST_PIXELS


# The next marker that has a segment: 0xFF is followed by zero or by itself where it is no marker, by one or one of eight where the
# marker is all that there is (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_SCAN, _END = 0xDA, 0xD9


def scans(file: BinaryIO) -> int:
    """How many scans a JPEG has, as far as the end of its first picture; the file is left where it was."""
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    at, found = 2, 0
    while (marker := _MARKER.search(content, at)) and (kind := marker[1][0]) != _END:
        found += kind == _SCAN
        # What a segment holds is no marker: its length comes first. A scan goes on after its segment.
        at = marker.end() + max(2, int.from_bytes(content[marker.end() : marker.end() + 2]))
    return found


def _options(picture: Image.Image, ending: str) -> dict[str, Any]:
    """How a copy of the picture is packed, with its orientation and no other metadata."""
    turned = picture.getexif().get(_ORIENTATION)
    exif = Image.Exif()
    if turned in range(2, 9):
        exif[_ORIENTATION] = turned
    # What Pillow would carry over by itself.
    for name in ("exif", "xmp", "icc_profile", "comment", "photoshop", "dpi"):
        picture.info.pop(name, None)
    options: dict[str, Any] = {"exif": exif.tobytes()} if len(exif) else {}
    if ending == "jpg":
        sampling = JpegImagePlugin.get_sampling(picture)
        tables = picture.quantization  # type: ignore[attr-defined]
        return options | {"format": "JPEG", "qtables": tables, "subsampling": sampling if sampling >= 0 else "4:4:4"}
    if ending == "png":
        return options | {"format": "PNG", "compress_level": 3}
    return options | {"format": "WEBP", "quality": 95, "method": 2}
