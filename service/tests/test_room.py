"""Places for files: who finds none, and for how long that is so."""

import threading
import time

import pytest
from infracciones.views import room
from infracciones.views.answers import Refusal
from infracciones.views.room import Room


@pytest.fixture
def rooms(monkeypatch):
    monkeypatch.setattr(room, "_files", threading.BoundedSemaphore(3))
    return Room(2, each=1, wait=5, full="uploads"), Room(2, each=2, wait=0, full="photos")


def leaves(place, seconds):
    """A thread that has entered a place, and leaves it after a time."""
    there = threading.Event()

    def stay():
        with place:
            there.set()
            time.sleep(seconds)

    thread = threading.Thread(target=stay)
    thread.start()
    assert there.wait(5)
    return thread


def test_an_officer_with_a_file_on_the_way_leaves_a_place_to_others_and_waits_for_its_own(rooms):
    files, _ = rooms
    first = leaves(files.place(1), 0.5)
    began = time.monotonic()
    with files.place(2):
        assert time.monotonic() - began < 0.4
    with files.place(1):
        assert not first.is_alive() or time.monotonic() - began > 0.3
    first.join()


def test_nobody_waits_on_the_thread_that_stays_free(rooms):
    files, photos = rooms
    held = [leaves(photos.place(1), 0.5), leaves(photos.place(1), 0.5), leaves(files.place(2), 0.5)]
    began = time.monotonic()
    for each in (photos.place(3), files.place(3)):
        with pytest.raises(Refusal), each:
            pass
    assert time.monotonic() - began < 0.3
    for thread in held:
        thread.join()


def test_who_waits_too_long_is_told_so_and_nothing_is_kept(rooms):
    files, _ = rooms
    files._wait = 0.1
    with files.place(1), pytest.raises(Refusal) as refused, files.place(1):
        pass
    assert refused.value.sentence == "uploads"
    with files.place(1):
        pass
    assert not files._held
