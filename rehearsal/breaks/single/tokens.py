"""Tokens that live on after they were revoked."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.tokens import (
    a_revoked_token_opens_nothing_and_an_upload_in_whose_midst_it_is_revoked_is_not_taken as check,
)


@breaks(check, says="a revoked token still opens a fine")
def a_fine_is_taken_under_a_revoked_token(subject: Subject) -> Iterator[None]:
    valid = "t.revocado IS NULL AND t.vence > now()\n), what AS ("
    with changed(subject.host, "infracciones/registration.py", {valid: valid.replace("t.revocado IS NULL AND ", "")}):
        yield


@breaks(check, says="an expired token still opens a fine")
def a_fine_is_taken_under_an_expired_token(subject: Subject) -> Iterator[None]:
    valid = "t.revocado IS NULL AND t.vence > now()\n), what AS ("
    with changed(subject.host, "infracciones/registration.py", {valid: valid.replace(" AND t.vence > now()", "")}):
        yield


@breaks(check, says="an upload whose token was revoked as it was written was answered 200")
def an_upload_does_not_look_at_its_token_again(subject: Subject) -> Iterator[None]:
    asked = "            if cursor.execute(_STILL, [token]).fetchone() is None:\n                raise UnknownToken\n"
    with changed(subject.host, "infracciones/uploads/intake.py", {asked: ""}):
        yield
