"""A contract that does not say what the service answers."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.contract import no_call_of_the_published_contract_has_an_answer_that_it_does_not_name


@breaks(no_call_of_the_published_contract_has_an_answer_that_it_does_not_name, says="POST /cargar_infraccion")
def the_contract_forgets_that_data_may_be_wrong(subject: Subject) -> Iterator[None]:
    forgotten = {"for status in (*statuses, *_ANYWHERE)}": "for status in {*statuses, *_ANYWHERE} - {422}}"}
    with changed(subject.host, "infracciones/contract.py", forgotten):
        yield
