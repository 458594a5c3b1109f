"""Puts what a dump or another instance holds into the place of all that the database holds, in one transaction.

`job restore NAME` for a dump, `job restore of HOST` for another instance, such as one of a moment that RDS brought back. Reads the
migrator's secret on its standard input: no pod may read that together with the dumps. Where the other instance knows an older one,
that comes after it.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import IO

from fines.database.credentials import Credentials
from fines.jobs import store
from fines.jobs.dump import place_of
from fines.jobs.said import ending, say

_FIRST = b"BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
_PIECE = 2**20


def restore(what: str, archive: Iterable[bytes], place: dict[str, str]) -> None:
    """Who waits for the end of it sees all of the archive, or, if anything fails, all that was there before: there is no COMMIT then.

    Raises:
        RuntimeError: the archive cannot be read to its end, or the database does not take it.
    """
    psql = subprocess.Popen(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        env=os.environ | place,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    script = subprocess.Popen(["pg_restore", "--no-owner", "--file=-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert psql.stdin is not None and script.stdin is not None and script.stdout is not None
    failed: list[Exception] = []
    feeder = threading.Thread(target=_feed, args=(archive, script.stdin, failed))
    feeder.start()
    try:
        psql.stdin.write(_FIRST)
        while piece := script.stdout.read(_PIECE):
            psql.stdin.write(piece)
        feeder.join()
        if script.wait() or failed:
            raise RuntimeError(f"{what} could not be read: nothing was changed{f' ({failed[0]})' if failed else ''}")
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
        raise RuntimeError(f"the database did not take {what}: nothing was changed")


def _feed(archive: Iterable[bytes], stream: IO[bytes], failed: list[Exception]) -> None:
    try:
        for piece in archive:
            stream.write(piece)
    except BrokenPipeError:
        pass  # pg_restore has said why it ended
    except Exception as error:
        failed.append(error)
    finally:
        with contextlib.suppress(OSError):
            stream.close()


def dumped(place: dict[str, str]) -> Iterator[bytes]:
    """What an instance holds, as pg_dump packs it.

    Raises:
        RuntimeError: pg_dump failed; what it said is on standard error.
    """
    command = ["pg_dump", "--format=custom", "--compress=none"]
    with subprocess.Popen(command, env=os.environ | place, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        try:
            while piece := program.stdout.read(_PIECE):
                yield piece
            if program.wait():
                raise RuntimeError(f"pg_dump ended with {program.returncode}")
        finally:
            program.kill()


def logins(text: str) -> list[Credentials]:
    """The secrets of a text, one after the other.

    Raises:
        ValueError: it has none, or something else; the text is not shown.
    """
    decoder, found, left = json.JSONDecoder(), [], text.strip()
    try:
        while left:
            login, end = decoder.raw_decode(left)
            found.append(Credentials(username=str(login["username"]), password=str(login["password"])))
            left = left[end:].lstrip()
    except (ValueError, KeyError, TypeError):
        found = []
    if not found:
        raise ValueError("give the migrator's secret on standard input: JSON with username and password")
    return found


def main(words: list[str]) -> None:
    if len(words) != (2 if words[:1] == ["of"] else 1):
        raise ValueError(
            "use: job restore NAME < SECRET, by a name that lies in dumps/, or job restore of HOST < SECRETS"
        )
    known = logins(sys.stdin.read())
    if words[0] == "of":
        what = words[1]
        if what == os.environ["DATABASE_HOST"]:  # each would wait for the other for ever
            raise ValueError(f"{what} is the database that is to be filled: name another instance")
        archive = dumped(place_of(known[-1]) | {"PGHOST": what})
    else:
        what = f"dumps/{words[0].removeprefix('dumps/')}"
        if not store.is_there(what):
            raise RuntimeError(f"there is no {what}")
        archive = store.fetch(what)
    restore(what, archive, place_of(known[0]))
    say(f"what {what} held is what the database holds now")


if __name__ == "__main__":
    with ending("going back"):
        main(sys.argv[1:])
