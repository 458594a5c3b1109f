"""A service that takes what it is given at its word."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.hostile import (
    what_is_sent_to_do_harm_is_refused_with_a_reason_and_no_container_minds as check,
)

_LIMITED = 'str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""'


@breaks(check, says="a report with limite 20 deep: answered 503")
def a_report_ends_the_process_that_is_asked_for_it(subject: Subject) -> Iterator[None]:
    ends = '(str(value) if isinstance(value, (str, int)) else __import__("os").kill(__import__("os").getpid(), 9))'
    with changed(subject.host, "infracciones/views/reports.py", {_LIMITED: ends}):
        yield


@breaks(check, says="a fine with a time before all calendars: answered 500")
def times_have_no_lower_bound(subject: Subject) -> Iterator[None]:
    with changed(
        subject.host, "infracciones/moments.py", {"_LEAST_SECONDS = -(10**10)": "_LEAST_SECONDS = -_MOST_SECONDS"}
    ):
        yield


@breaks(check, says="values a hundred deep: answered 422")
def nobody_minds_how_deep_a_body_is(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "infracciones/views/answers.py", {"DEEPEST = 32": "DEEPEST = 10**9"}):
        yield


@breaks(check, says="the office answered the session")
def whatever_a_cookie_has_is_looked_for(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "fines/settings.py", {'SESSION_ENGINE = "fines.sessions"\n': ""}):
        yield
