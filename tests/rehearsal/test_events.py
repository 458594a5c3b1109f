"""Events of machines are told from one process to another, in seconds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rehearsal.cloud.events import LAUNCHED, SIGNALLED, UNHEALTHY, Event, Events


def test_an_event_is_read_back_by_who_opens_the_same_file(tmp_path: Path) -> None:
    Events(tmp_path / "events.jsonl").add("i-1", LAUNCHED)
    (event,) = Events(tmp_path / "events.jsonl").all()
    assert (event.machine, event.what) == ("i-1", LAUNCHED)


def test_the_seconds_between_two_events_are_those_of_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        Event(10.0, "i-1", LAUNCHED),
        Event(20.0, "i-2", LAUNCHED),
        Event(70.0, "i-1", SIGNALLED),
        Event(85.0, "i-2", SIGNALLED),
        Event(99.0, "i-2", SIGNALLED),
    ]
    monkeypatch.setattr(Events, "all", lambda self: told)
    assert Events(Path("events.jsonl")).seconds("i-2", LAUNCHED, SIGNALLED) == 65.0


def test_what_happens_later_is_waited_for(tmp_path: Path) -> None:
    events = Events(tmp_path / "events.jsonl")
    later = threading.Timer(0.2, lambda: Events(events.file).add("i-1", SIGNALLED))
    later.start()
    assert events.wait("i-1", SIGNALLED, seconds=10) == events.all()[0].at
    later.join()
    with pytest.raises(LookupError, match="never 'unhealthy'"):
        events.wait("i-1", UNHEALTHY, seconds=0)


def test_what_did_not_happen_has_no_moment(tmp_path: Path) -> None:
    events = Events(tmp_path / "events.jsonl")
    with pytest.raises(LookupError, match="nothing at all"):
        events.moment("i-1", UNHEALTHY)
    events.add("i-1", LAUNCHED)
    with pytest.raises(LookupError, match="only launched"):
        events.moment("i-1", UNHEALTHY)
