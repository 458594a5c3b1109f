"""Files that grow when they are unpacked, beyond what a machine holds."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.files import posted
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People

_MEMBER = 64 * 2**20  # bytes of one part of a file, as gzip allows several
_MEMBERS = 160  # ten gibibytes of them
_AT_ONCE, _MOST_FILES = 2, 10
_FINES = 20  # that must have come while those files were unpacked, or nobody was beside them
_LONGEST = 2.0  # seconds that the slowest of them may take; alone one takes hundredths


@check("single")
def a_file_that_grows_to_ten_gibibytes_is_refused_and_nobody_waits_for_it(subject: Subject) -> str:
    people = People.make(subject, officers=9, owners=2)
    bomb = gzip.compress(b" " * _MEMBER) * _MEMBERS
    with Load(people, officers=8, pause=0.22) as load:
        load.await_acknowledged(8, seconds=10)
        began = time.monotonic()
        answers: list[httpx.Response] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # again, where they are refused in no time
            while sum(moment >= began for moment in load.ledger.moments) < _FINES:
                if len(answers) == _MOST_FILES:
                    raise CheckError(f"beside {len(answers)} files fewer than {_FINES} fines were taken")
                answers += pool.map(lambda _: posted(people, 8, bomb), range(_AT_ONCE))
        ended = time.monotonic()
        load.stop()
    for answer in answers:
        if "MiB" not in (said := answered(answer, 413).json()["mensaje"]):
            raise CheckError(f"whoever sent it is not told how much would be taken: {said}")
    if load.ledger.refused:
        raise CheckError(f"{len(load.ledger.refused)} fines beside it failed, the first: {load.ledger.refused[0][1]}")
    beside = [took for moment, took in load.ledger.took if moment >= began and moment - took <= ended]
    if max(beside) > _LONGEST:
        raise CheckError(f"beside it a fine took {max(beside):.1f} s")
    must_be_there_once(load.ledger, people, subject)
    return (
        f"{len(answers)} files of {len(bomb) / 2**20:.0f} MiB: 413 after {ended - began:.1f} s; "
        f"{len(beside)} fines beside them, the slowest {max(beside) * 1000:.0f} ms"
    )
