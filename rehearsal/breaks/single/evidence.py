"""Photos that tell where they were taken, or that anybody sees."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.evidence import a_photo_is_kept_without_its_metadata_and_only_its_officer_gets_a_link


@breaks(a_photo_is_kept_without_its_metadata_and_only_its_officer_gets_a_link, says="says where it was taken")
def the_service_keeps_photos_as_they_come(subject: Subject) -> Iterator[None]:
    plain = {"return Photo(out.getvalue(), type, ending)": "file.seek(0)\n    return Photo(file.read(), type, ending)"}
    with changed(subject.host, "infracciones/evidence/photos.py", plain):
        yield


@breaks(a_photo_is_kept_without_its_metadata_and_only_its_officer_gets_a_link, says="was answered 200, not 404")
def a_link_leads_to_the_newest_photo_of_the_officer(subject: Subject) -> Iterator[None]:
    own = "Evidencia.objects.filter(infraccion=fine).first()"
    newest = 'Evidencia.objects.filter(infraccion__oficial_id=fine.oficial_id).order_by("-id").first()'
    with changed(subject.host, "infracciones/views/evidence.py", {own: newest}):
        yield


@breaks(a_photo_is_kept_without_its_metadata_and_only_its_officer_gets_a_link, says="was answered 201, not 404")
def the_service_does_not_ask_whose_fine_it_is(subject: Subject) -> Iterator[None]:
    anybody = {"return found.filter(oficial_id=officer).first()": "return found.first()"}
    with changed(subject.host, "infracciones/evidence/keeping.py", anybody):
        yield
