"""Photos as large as they may be: what a worker keeps of them is part of its figure."""

from __future__ import annotations

import io
import time

from PIL import Image

from bench.service.clients import ClientsError
from rehearsal.checks.people import People

_SIZE = (8100, 6100)  # points; unpacked and packed again it takes 200 MiB


def unpack(people: People, count: int) -> None:
    """Sends so many photos, each for a fine of its own.

    Raises:
        ClientsError: one was not kept.
    """
    photo = io.BytesIO()
    Image.linear_gradient("L").resize(_SIZE).convert("RGB").save(photo, "PNG", compress_level=1)
    with people.client(timeout=120) as client:
        for number in range(count):
            fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": f"n {number}"}
            made = client.post("/cargar_infraccion", json=fine, headers=people.bearer(number))
            if made.status_code != 200:
                raise ClientsError(f"a fine was answered {made.status_code}: {made.text[:200]}")
            address = f"/infracciones/{made.json()['infraccion']['id']}/evidencia"
            kept = client.post(address, files={"foto": photo.getvalue()}, headers=people.bearer(number))
            if kept.status_code != 201:
                raise ClientsError(f"a photo was answered {kept.status_code}: {kept.text[:200]}")
