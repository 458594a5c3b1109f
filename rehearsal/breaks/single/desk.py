"""An office that cannot work: pages without scripts, or a delete that goes through."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, shell
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.desk import the_office_works_in_a_real_browser_from_login_to_a_refused_delete


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="complained")
def static_files_are_not_there(subject: Subject) -> Iterator[None]:
    elsewhere = {"alias /var/lib/fines/static/;": "alias /var/lib/fines/nowhere/;"}
    with edited(subject.host, NGINX, elsewhere, then=RELOAD_NGINX):
        yield


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="has no comment that is text")
def a_spreadsheet_calculates_what_an_officer_wrote(subject: Subject) -> Iterator[None]:
    text = 'return f"\'{text}" if text.startswith(_FORMULA) else text'
    with changed(subject.host, "infracciones/admin/export.py", {text: "return text"}):
        yield


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="GET /token was answered 200, not 401")
def a_revoked_token_goes_on_working(subject: Subject) -> Iterator[None]:
    ended = ".update(revocado=timezone.now())"
    with changed(subject.host, "infracciones/admin/tokens.py", {ended: ".count()"}):
        yield


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="points are out of sight")
def a_column_is_wider_than_a_screen(subject: Subject) -> Iterator[None]:
    styles = shell(subject.host, "ls /var/lib/fines/static/infracciones/office*.css").split()
    with contextlib.ExitStack() as edits:
        for style in styles:  # under its own name, and under that with its hash
            edits.enter_context(
                edited(subject.host, style, {".field-words { min-width: 9em;": ".field-words { min-width: 60em;"})
            )
        yield


@breaks(the_office_works_in_a_real_browser_from_login_to_a_refused_delete, says="Locator expected to have count '1'")
def a_search_does_not_look_at_officers(subject: Subject) -> Iterator[None]:
    named = "Oficial.objects.filter(Q(numero__icontains=word) | Q(nombre__icontains=word))"
    with changed(subject.host, "infracciones/admin/words.py", {named: "Oficial.objects.none()"}):
        yield
