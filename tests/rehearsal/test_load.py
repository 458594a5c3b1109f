"""The officers' ledger finds what was lost and what was doubled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from rehearsal.checks import CheckError, Subject, load, reports
from rehearsal.checks.people import People
from rehearsal.checks.reports import Entry

PEOPLE = People("198.19.1.10", "multas.example", ("t0", "t1"), ("persona0@prueba.example",), ("PRU000",))


def entry(id: int, **other: Any) -> Entry:
    given: dict[str, Any] = {
        "owner": PEOPLE.owners[0],
        "plate": "PRU000",
        "at": 5.0,
        "comment": "carga k",
        "officer": "P000",
    } | other
    return Entry(id=id, **given)


def _missing(monkeypatch: pytest.MonkeyPatch, acknowledged: Entry, *found: Entry) -> list[str]:
    monkeypatch.setattr(load, "reported", lambda people, **_: iter(found))
    return load.missing_or_doubled(load.Ledger(acknowledged={"k": acknowledged}), PEOPLE)


def test_a_fine_that_is_there_once_is_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _missing(monkeypatch, entry(1), entry(7, comment="carga another"), entry(1)) == []


def test_a_lost_fine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (complaint,) = _missing(monkeypatch, entry(1))
    assert "0 times" in complaint and "nowhere" in complaint


def test_a_fine_made_twice_under_two_ids_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (complaint,) = _missing(monkeypatch, entry(1), entry(1), entry(2))
    assert "1 times" in complaint and "id=2" in complaint


def test_a_fine_that_a_report_repeats_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (complaint,) = _missing(monkeypatch, entry(1), entry(1), entry(1))
    assert "2 times" in complaint


@pytest.mark.parametrize(
    "other",
    [{"owner": "persona1@prueba.example"}, {"plate": "PRU001"}, {"at": 6.0}, {"officer": "P001"}],
    ids=lambda other: next(iter(other)),
)
def test_a_fine_that_is_another_than_was_posted_is_named(monkeypatch: pytest.MonkeyPatch, other: Any) -> None:
    (complaint,) = _missing(monkeypatch, entry(1), entry(1, **other))
    assert "0 times" in complaint and str(next(iter(other.values()))) in complaint


def test_a_fine_in_a_second_owners_report_too_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(_missing(monkeypatch, entry(1), entry(1), entry(1, owner="persona1@prueba.example"))) == 1


def test_a_fine_in_the_report_of_somebody_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    people = People("", "", (), ("persona0@prueba.example", "persona1@prueba.example"), ("PRU000", "PRU001"))
    monkeypatch.setattr(reports, "reported", lambda people, **_: iter([entry(1), entry(2, owner=people.owners[1])]))
    with pytest.raises(CheckError, match="fine 2 of PRU000 is in the report of persona1"):
        list(reports.marked(people, "carga"))


def test_rows_that_are_not_there_once_as_they_were_written_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [entry(1)]
    monkeypatch.setattr(reports, "reported", lambda people, **_: iter(there))
    row = (there[0].plate, there[0].at, there[0].comment, there[0].officer)
    reports.must_be_as_written(PEOPLE, "carga", [row])
    with pytest.raises(
        CheckError, match=r"1 of 1 rows are not in the reports as they were written: .*there is .* instead"
    ):
        reports.must_be_as_written(PEOPLE, "carga", [(row[0], row[1] + 1, *row[2:])])
    there.append(entry(2))
    with pytest.raises(CheckError, match="1 rows are in the reports more than once"):
        reports.must_be_as_written(PEOPLE, "carga", [row])


def test_the_longest_silence_is_between_acknowledgements() -> None:
    assert load.Ledger(moments=[5.0, 1.0, 2.0]).longest_silence() == 3.0
    assert load.Ledger().longest_silence() == 0.0


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class _Scripted:
    """A client whose answers are written down: an exception is raised, a status is answered."""

    def __init__(self, script: list[Exception | int]) -> None:
        self.script = script
        self.keys: list[str] = []
        self.told: dict[str, object] = {}  # what the answers say otherwise than the fine

    def post(self, path: str, *, json: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        self.keys.append(headers["Idempotency-Key"])
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        fine = json | {"id": len(self.keys), "oficial": "P000", "timestamp": _iso(json["timestamp"])} | self.told
        return httpx.Response(step, json={"infraccion": fine})

    def close(self) -> None: ...


def _posted(
    monkeypatch: pytest.MonkeyPatch, script: list[Exception | int], *, fines: int
) -> tuple[load.Ledger, list[str]]:
    client = _Scripted(script)
    monkeypatch.setattr(People, "client", lambda self, **options: client)
    with load.Load(PEOPLE, officers=1, fines=fines) as running:
        running.join()
    return running.ledger, client.keys


@pytest.mark.parametrize("told", [{"placa_patente": "PRU001"}, {"oficial": "P001"}, {"timestamp": _iso(5)}])
def test_an_answer_that_acknowledges_another_fine_is_no_acknowledgement(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, object]
) -> None:
    client = _Scripted([200])
    client.told = told
    monkeypatch.setattr(People, "client", lambda self, **options: client)
    with load.Load(PEOPLE, officers=1, fines=1) as running:
        running.join()
    with pytest.raises(CheckError, match="1 fines were acknowledged as others"):
        load.must_be_there_once(running.ledger, PEOPLE, cast(Subject, None))


def test_some_of_the_officers_have_their_own_numbers() -> None:
    assert [replace(PEOPLE, tokens=("t20",), first=20).number_of(0), PEOPLE.number_of(1)] == ["P020", "P001"]


def test_the_close_of_an_idle_connection_is_counted_apart_and_repeated_under_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, keys = _posted(monkeypatch, [200, httpx.RemoteProtocolError("disconnected"), 200], fines=2)
    assert (ledger.closed_idle, ledger.refused, len(ledger.acknowledged)) == (1, [], 2)
    assert keys[1] == keys[2] != keys[0]


def test_a_close_on_a_new_connection_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = _posted(monkeypatch, [httpx.RemoteProtocolError("disconnected"), 200], fines=1)
    assert ledger.closed_idle == 0
    assert len(ledger.refused) == 1


def test_a_second_close_in_a_row_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[Exception | int] = [200, httpx.ReadError("reset"), httpx.ReadError("reset"), 200]
    ledger, _ = _posted(monkeypatch, broken, fines=2)
    assert (ledger.closed_idle, len(ledger.refused)) == (1, 1)


def test_an_answer_of_the_server_that_is_no_success_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = _posted(monkeypatch, [502, 200], fines=1)
    assert len(ledger.refused) == 1
    assert ledger.closed_idle == 0


def test_a_fine_that_is_refused_for_good_is_no_fine_that_was_repeated_until_it_was_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, _ = _posted(monkeypatch, [502, 429, 200], fines=1)
    load.must_all_be_acknowledged(ledger)
    ledger, _ = _posted(monkeypatch, [502, 409, 200], fines=2)
    with pytest.raises(CheckError, match=r"1 fines failed although they were repeated: .*: 409"):
        load.must_all_be_acknowledged(ledger)


def test_the_slowest_in_a_hundred_is_of_the_time_asked_for() -> None:
    ledger = load.Ledger(took=[(float(n), 0.1) for n in range(100)] + [(200.0 + n, 1.0) for n in range(100)])
    assert ledger.ninety_ninth(until=150) == 0.1
    assert ledger.ninety_ninth(since=150) == 1.0
    assert ledger.ninety_ninth() == 1.0
    with pytest.raises(CheckError, match="20 acknowledgements say nothing"):
        ledger.ninety_ninth(until=20)
