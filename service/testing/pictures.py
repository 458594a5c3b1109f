"""Pictures that tell where and with what they were taken."""

import io
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112
SECRET = "the-street-where-I-live"  # noqa: S105  what a picture must not tell


def picture(kind: str, size: tuple[int, int] = (64, 48), *, orientation: int | None = None, **options: Any) -> bytes:
    """A picture with all the metadata that its kind may have."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[MAKE] = SECRET
    exif.get_ifd(GPS)[1] = "S"
    exif.get_ifd(GPS)[29] = SECRET
    if orientation:
        exif[ORIENTATION] = orientation
    if kind == "PNG":
        text = PngInfo()
        text.add_text("Comment", SECRET)
        options["pnginfo"] = text
    elif kind == "JPEG":
        options["comment"] = SECRET.encode()
    options.setdefault("icc_profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    out = io.BytesIO()
    image.save(out, kind, exif=exif, xmp=SECRET.encode(), **options)
    assert SECRET.encode() in out.getvalue()
    return out.getvalue()
