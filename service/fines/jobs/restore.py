"""Puts what a dump holds into the place of all that the database holds, in one transaction: `job restore NAME`.

Reads the migrator's secret on its standard input: no pod may read that together with the dumps.
"""

import json
import os
import subprocess
import sys
import threading
from typing import IO

from fines.jobs import store
from fines.jobs.dump import place_of
from fines.jobs.said import ending, say

_FIRST = b"BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


def restore(key: str, place: dict[str, str]) -> None:
    """Who waits for the end of it sees all of the dump, or, if anything fails, all that was there before: there is no COMMIT then.

    Raises:
        RuntimeError: there is no such dump, or the database does not take it.
    """
    if not store.is_there(key):
        raise RuntimeError(f"there is no {key}")
    environment = os.environ | place
    psql = subprocess.Popen(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    script = subprocess.Popen(["pg_restore", "--no-owner", "--file=-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert psql.stdin is not None and script.stdin is not None and script.stdout is not None
    feeder = threading.Thread(target=_feed, args=(key, script.stdin))
    feeder.start()
    try:
        psql.stdin.write(_FIRST)
        while piece := script.stdout.read(2**20):
            psql.stdin.write(piece)
        feeder.join()
        if script.wait():
            raise RuntimeError(f"{key} could not be read: nothing was changed")
        psql.stdin.write(b"COMMIT;\n")
        psql.stdin.close()
    except BrokenPipeError:  # what psql died of is on standard error
        pass
    finally:
        script.kill()
        feeder.join()
        if psql.poll() is None and not psql.stdin.closed:
            psql.kill()
    if psql.wait():
        raise RuntimeError(f"the database did not take {key}: nothing was changed")


def _feed(key: str, stream: IO[bytes]) -> None:
    try:
        for piece in store.fetch(key):
            stream.write(piece)
        stream.close()
    except OSError:
        pass  # pg_restore has said why it ended


def main(words: list[str]) -> None:
    if len(words) != 1:
        raise ValueError("use: job restore NAME < SECRET, by a name that lies in dumps/")
    login = json.load(sys.stdin)
    key = f"dumps/{words[0].removeprefix('dumps/')}"
    restore(key, place_of({"username": login["username"], "password": login["password"]}))
    say(f"what {key} held is what the database holds now")


if __name__ == "__main__":
    with ending("going back to a dump"):
        main(sys.argv[1:])
