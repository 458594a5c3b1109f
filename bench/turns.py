"""Measurements in turns: what loads the machine for a while then loads all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.screen import Say


def in_turns(measurements: Mapping[str, Callable[[], float]], rounds: int, say: Say) -> dict[str, list[float]]:
    """Runs each measurement once without counting it, then all of them, one after the other, for so many rounds."""
    times: dict[str, list[float]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        for name, measure in measurements.items():
            say(f"{name}, {'warming up' if number == 0 else f'{number} of {rounds}'}")
            seconds = measure()
            if number > 0:
                times[name].append(seconds)
    return times
