"""Photographs of fines as a telephone makes them, and as a browser sees them by a link."""

from __future__ import annotations

import io
import ssl
from urllib.parse import urlsplit

import httpx
from PIL import Image

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.pinned import Pinned

WHERE = "the street where the device was"  # what a photo of the checks' says of itself, and what must not be kept
_MAKE, _GPS = 0x010F, 0x8825


def photo(size: tuple[int, int] = (320, 240)) -> tuple[str, bytes]:
    """A photo as a telephone makes it: with its maker's name and the place."""
    exif = Image.Exif()
    exif[_MAKE] = WHERE
    exif.get_ifd(_GPS)[29] = WHERE
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, "JPEG", exif=exif)
    return "foto.jpg", out.getvalue()


def seen(subject: Subject, url: str) -> bytes:
    """What a browser gets by the link: it finds AWS where the rehearsal has it."""
    answer = asked(subject, url)
    if answer.status_code != 200 or answer.headers["Content-Type"] != "image/jpeg":
        kind = answer.headers.get("Content-Type")
        raise CheckError(f"the link was answered {answer.status_code}, {kind}: {answer.text[:200]}")
    return answer.content


def asked(subject: Subject, url: str) -> httpx.Response:
    """The answer to a link, whatever it is."""
    tier, host = subject.tier, urlsplit(url).hostname or ""
    trusted = ssl.create_default_context(cafile=str(tier.run.authority))
    with httpx.Client(transport=Pinned(str(tier.network.cloud), host, trusted), timeout=30) as client:
        return client.get(url)
