"""The collector of containers' logs on a node: what kubelet keeps of them goes to CloudWatch's log groups, as its configuration says.

It stands in for Fluent Bit, which CloudWatch's add-on runs on each node. Lines are in the form that container runtimes write
(time, stream, whether the line is whole, text). What a group refuses is lost, and said in the log.
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from rehearsal.controllers.collector_settings import CollectorSettings, Sink, Source

log = logging.getLogger("rehearsal.log_collector")
_FOLDER = "/var/log/containers"
_CHUNK = 4 << 20  # bytes of a file that are read at a time
_MOST_EVENTS, _MOST_BYTES, _OVERHEAD = (
    10_000,
    1_048_576,
    26,
)  # of one call of PutLogEvents; what an event weighs beside its text


class Groups(Protocol):
    """CloudWatch's log groups."""

    def put(self, group: str, stream: str, events: list[dict[str, Any]], /) -> None: ...


@dataclass
class _File:
    """A container's log that is followed, and what of it is not a whole line yet."""

    reader: BinaryIO
    tag: str
    number: int  # of the inode
    rest: bytes = b""
    part: list[str] = field(default_factory=list)

    def lines(self) -> Iterable[tuple[int, str]]:
        """Whole lines that came since, with their times in milliseconds since 1970."""
        while chunk := self.reader.read(_CHUNK):
            *whole, self.rest = (self.rest + chunk).split(b"\n")
            for line in whole:
                time, _, kind, text = [*line.decode(errors="replace").split(" ", 3), "", "", ""][:4]
                self.part.append(text)
                if kind != "P":
                    yield _milliseconds(time), "".join(self.part)
                    self.part.clear()


class LogCollector:
    """Follows the logs of one node's containers; `root` is where the node's own /var/log lies."""

    def __init__(self, settings: CollectorSettings, *, root: Path, groups: Groups) -> None:
        self._settings, self._root, self._groups = settings, root, groups
        self._files: dict[tuple[Source, str], _File] = {}
        self._first = True

    def step(self) -> None:
        """Looks at all files once, and sends what came."""
        found: dict[tuple[Sink, str], list[tuple[int, str]]] = defaultdict(list)
        for file in self._followed():
            sinks = [each for each in self._settings.sinks if each.takes(file.tag)]
            for time, text in file.lines():
                for sink in sinks:
                    found[sink, file.tag].append((time, text if sink.key == "log" else json.dumps({"log": text})))
        for (sink, tag), lines in found.items():
            self._send(sink, tag, lines)

    def _followed(self) -> list[_File]:
        """All files, with those that are not there any more: what was written to them last is read too."""
        there = {}
        for name in os.listdir(self._root / "containers") if (self._root / "containers").is_dir() else ():
            path = f"{_FOLDER}/{name}"
            for source in self._settings.sources:
                if source.has(path) and (real := self._real(name)) is not None:
                    there[source, path] = real
        followed = list(self._files.values())
        for key, file in list(self._files.items()):
            if key not in there or _inode(there[key]) != file.number:
                del self._files[key]
        for key, real in there.items():
            if key not in self._files and (opened := self._opened(key, real)):
                self._files[key] = opened
                followed.append(opened)
        self._first = False
        return followed

    def _opened(self, key: tuple[Source, str], real: Path) -> _File | None:
        source, path = key
        try:
            reader = real.open("rb")
        except FileNotFoundError:
            return None
        if self._first and not source.from_head:
            reader.seek(0, os.SEEK_END)
        return _File(reader, source.tagged(path), os.fstat(reader.fileno()).st_ino)

    def _real(self, name: str) -> Path | None:
        """Where a log lies that is a link on the node, or a link to a link."""
        path = self._root / "containers" / name
        for _ in range(4):
            if not path.is_symlink():
                return path
            target = os.readlink(path)
            path = self._root / target.removeprefix("/var/log/") if target.startswith("/") else path.parent / target
        return None

    def _send(self, sink: Sink, tag: str, lines: list[tuple[int, str]]) -> None:
        stream = f"{sink.stream_prefix}{tag}"
        for events in batches(lines):
            try:
                self._groups.put(sink.group, stream, events)
            except Exception as error:
                log.warning("%s takes no lines of %s: %s", sink.group, stream, error)


def batches(lines: Iterable[tuple[int, str]]) -> Iterable[list[dict[str, Any]]]:
    """Lines as events, no more at a time than CloudWatch takes."""
    batch: list[dict[str, Any]] = []
    size = 0
    for time, text in lines:
        weight = len(text.encode()) + _OVERHEAD
        if batch and (len(batch) == _MOST_EVENTS or size + weight > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        if text:
            batch.append({"timestamp": time, "message": text})
            size += weight
    if batch:
        yield batch


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
