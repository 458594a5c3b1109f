"""How a photo is kept: once for a fine, in the bucket, and found again by its officer alone."""

import hashlib
import logging
import uuid
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from infracciones.evidence.photos import Photo
from infracciones.models import Evidencia, Infraccion

LINK_SECONDS = 300
log = logging.getLogger("fines.evidence")


class AlreadyThere(Exception):
    """The fine has a photo."""


class Vanished(Exception):
    """The fine was deleted meanwhile; what may be left is a photo that nobody refers to."""


class StorageError(Exception):
    """The bucket does not answer, or refuses, or there are no credentials for it; nothing was kept."""


def fine_of(officer: int, name: str) -> Infraccion | None:
    """The officer's fine of this number, or of the UUID that the officer's device gave it; None where there is none."""
    if name.isascii() and name.isdecimal() and len(name) < 19:
        found = Infraccion.objects.filter(pk=int(name))
    else:
        try:
            # UUID takes urn:uuid: in small letters alone
            found = Infraccion.objects.filter(dispositivo_id=uuid.UUID(name.lower()))
        except ValueError:
            return None
    return found.filter(oficial_id=officer).first()


def keep(fine: Infraccion, photo: Photo) -> None:
    """Keeps the photo as the fine's evidence.

    The record comes first, and is committed once the bucket has the photo: of two that arrive together one waits, and a
    record never points at nothing. What is left of a failure is a photo that nobody refers to.

    Raises:
        AlreadyThere, Vanished, StorageError: nothing was kept.
    """
    name = f"evidencia/{timezone.now():%Y/%m}/{uuid.uuid4()}.{photo.ending}"
    try:
        with transaction.atomic():
            Evidencia.objects.create(
                infraccion=fine,
                archivo=name,
                tipo=photo.type,
                bytes=len(photo.content),
                resumen=hashlib.sha256(photo.content).digest(),
            )
            _save(name, photo)
    except IntegrityError as error:
        unique = getattr(error.__cause__, "sqlstate", "") == "23505"
        raise (AlreadyThere if unique else Vanished) from None


def link(evidence: Evidencia) -> tuple[str, datetime]:
    """An address under which the photo can be seen for five minutes, and when that ends.

    Raises:
        StorageError: there is nothing to sign it with, such as credentials that have not come yet.
    """
    until = timezone.now() + timedelta(seconds=LINK_SECONDS)
    try:
        return default_storage.url(evidence.archivo.name), until
    except Exception as error:  # the storage's own errors have no common ancestor
        log.warning("a link could not be signed", extra={"error": f"{type(error).__name__}: {error}"[:300]})
        raise StorageError from error


def _save(name: str, photo: Photo) -> None:
    content = ContentFile(photo.content)
    content.content_type = photo.type  # type: ignore[attr-defined]  # what the bucket says that it is
    try:
        default_storage.save(name, content)
    except Exception as error:  # the storage's own errors have no common ancestor
        log.warning("a photo could not be kept", extra={"error": f"{type(error).__name__}: {error}"[:300]})
        raise StorageError from error


@receiver(post_delete, sender=Evidencia)
def _forget(instance: Evidencia, **_: object) -> None:
    """A photo goes with its record; the bucket keeps the old version for as long as its setting says."""

    def delete() -> None:
        try:
            default_storage.delete(instance.archivo.name)
        except Exception as error:
            extra = {"file": instance.archivo.name, "error": f"{type(error).__name__}: {error}"[:300]}
            log.warning("a photo whose record was deleted could not be deleted", extra=extra)

    transaction.on_commit(delete)
