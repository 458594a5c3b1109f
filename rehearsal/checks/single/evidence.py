"""Photos of fines: kept in the bucket by the containers' own role, without their metadata, and seen by a link alone."""

from __future__ import annotations

import io
import time
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
from PIL import Image

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.people import People
from rehearsal.checks.photographs import WHERE, asked, photo, seen

_LINK_SECONDS = 300


@check("single")
def a_photo_is_kept_without_its_metadata_and_only_its_officer_gets_a_link(subject: Subject) -> str:
    people = People.make(subject, officers=2, owners=1)
    with people.client() as client:
        fine = _fine(client, people)
        address = f"/infracciones/{fine}/evidencia"
        answered(client.post(address, files={"foto": photo()}, headers=people.bearer(1)), 404)
        answered(client.post(address, files={"foto": ("a.jpg", b"no photo")}, headers=people.bearer(0)), 415)
        answered(client.post(address, files={"foto": ("a.jpg", bytes(11 * 2**20))}, headers=people.bearer(0)), 413)
        named = ("../../../../etc/passwd.jpg", photo()[1])
        made = answered(client.post(address, files={"foto": named}, headers=people.bearer(0)), 201)
        answered(client.post(address, files={"foto": photo()}, headers=people.bearer(0)), 409)
        answered(client.get(address, headers=people.bearer(1)), 404)
        later, bare = _fine(client, people), _fine(client, people)
        smaller = {"foto": photo((160, 120))}
        answered(client.post(f"/infracciones/{later}/evidencia", files=smaller, headers=people.bearer(0)), 201)
        given = answered(client.get(made.headers["Location"], headers=people.bearer(0)), 200).json()
        other = answered(client.get(f"/infracciones/{later}/evidencia", headers=people.bearer(0)), 200).json()
        answered(client.get(f"/infracciones/{bare}/evidencia", headers=people.bearer(0)), 404)
        report = answered(
            client.get("/generar_informe", params={"correo": people.owners[0]}, headers=people.reader), 200
        )
    told = {entry["id"]: entry["evidencia"] for entry in report.json()["infracciones"]}
    if (said := [told.get(each) for each in (fine, later, bare)]) != [True, True, False]:
        raise CheckError(f"of three fines, the first two with a photo, the report says {said}")
    content = seen(subject, given["url"])
    with Image.open(io.BytesIO(seen(subject, other["url"]))) as picture:
        if picture.size != (160, 120):
            raise CheckError(f"the link of another fine of the officer leads to a photo of {picture.size} points")
    if WHERE.encode() in content:
        raise CheckError("the stored photo says where it was taken")
    with Image.open(io.BytesIO(content)) as picture:
        size, tags = picture.size, dict(picture.getexif())
    if size != (320, 240) or tags:
        raise CheckError(f"the stored photo has {size} points and these tags: {tags}")
    _only_by_link(subject, given["url"])
    _must_end_soon(given)
    return f"{len(content)} bytes in {subject.outputs['MediaBucket']}, seen by the link until {given['vence']}"


def _fine(client: httpx.Client, people: People) -> int:
    fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": uuid.uuid4().hex}
    answer = answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0)), 200)
    return int(answer.json()["infraccion"]["id"])


def _must_end_soon(given: dict[str, str]) -> None:
    """What signs the link says that it ends in five minutes, and so does the answer."""
    signed = int(parse_qs(urlsplit(given["url"]).query)["X-Amz-Expires"][0])
    told = (datetime.fromisoformat(given["vence"]) - datetime.now(UTC)).total_seconds()
    if signed != _LINK_SECONDS or not 0 < told <= _LINK_SECONDS:
        raise CheckError(
            f"the link is signed for {signed} s and is said to end in {told:.0f}; {_LINK_SECONDS} were meant"
        )


def _only_by_link(subject: Subject, url: str) -> None:
    """Without its signature, or with another file's name, the link opens nothing."""
    parts = urlsplit(url)
    for wrong in (parts._replace(query=""), parts._replace(path=parts.path.replace(".jpg", "x.jpg"))):
        answer = asked(subject, wrong.geturl())
        if answer.status_code != 403:
            raise CheckError(f"{wrong.path} without a signature of its own was answered {answer.status_code}")
