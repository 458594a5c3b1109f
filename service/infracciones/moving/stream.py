"""The rows that another database lacks, as a stream of bytes: written by the one, read by the other in one transaction.

A line of JSON says which blocks of each table are no longer what they were; then come their rows as PostgreSQL's COPY has
them, and a last line of JSON, without which the stream is not whole.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import psycopg
from psycopg import sql

from infracciones.moving.digests import Digests, digests
from infracciones.moving.tables import Table, prepare, sequences, tables

_END = b"\\.\n"
_PART = 2**18  # bytes that are handed over at once


class OtherSchema(ValueError):
    """The two databases do not have the same tables; the message says what differs."""


class Broken(ValueError):
    """The stream is not whole: nothing of it was taken."""


def write(connection: psycopg.Connection[Any], theirs: Digests, out: BinaryIO) -> int:
    """Writes what another database, whose digests these are, lacks or has otherwise; returns the number of rows."""
    prepare(connection)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        known = tables(connection)
        ours = digests(connection, known)
        differ = {
            table.name: sorted(
                {
                    block
                    for name, block in {*ours, *theirs}
                    if name == table.name and _differs(ours, theirs, name, block)
                }
            )
            for table in known
        }
        head = {
            "tables": [{"name": table.name, "columns": table.columns, "blocks": differ[table.name]} for table in known],
            "sequences": sequences(connection),
        }
        out.write(_line(head))
        rows = 0
        for table in known:
            there = [block for block in differ[table.name] if (table.name, block) in ours]
            if not there:
                continue
            out.write(_line({"table": table.name}))
            rows += _copy(connection, table, there, out)
            out.write(_END)
        out.write(_line({"rows": rows}))
        return rows


def read(connection: psycopg.Connection[Any], source: BinaryIO) -> dict[str, Any]:
    """Takes a stream in, all of it or nothing; returns how many rows came, and which tables are no longer what they were.

    Raises:
        OtherSchema, Broken: nothing was changed.
    """
    prepare(connection)
    # A database that is filled takes no other writes.
    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
    lines = iter(source)
    with connection.transaction():
        head = _object(lines)
        known = {table.name: table for table in tables(connection)}
        _must_be_the_same(known.values(), head["tables"])
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        changed = [each for each in head["tables"] if each["blocks"]]
        # All that goes goes first: a unique value may have moved from one row to another.
        for each in changed:
            table = known[each["name"]]
            connection.execute(
                sql.SQL("DELETE FROM ONLY {} WHERE {}").format(table.identifier, table.within(each["blocks"]))
            )
        rows = 0
        while "rows" not in (told := _object(lines)):
            rows += _paste(connection, known[told["table"]], lines)
        if told["rows"] != rows:
            raise Broken(f"{rows} rows came, {told['rows']} were sent")
        _advance(connection, head["sequences"])
    return {"rows": rows, "changed": [each["name"] for each in changed]}


def _differs(ours: Digests, theirs: Digests, table: str, block: str) -> bool:
    return ours.get((table, block)) != theirs.get((table, block))


def _copy(connection: psycopg.Connection[Any], table: Table, blocks: list[str], out: BinaryIO) -> int:
    asked = sql.SQL("COPY (SELECT {} FROM ONLY {} WHERE {}) TO STDOUT").format(
        table.listed, table.identifier, table.within(blocks)
    )
    with connection.cursor() as cursor:
        with cursor.copy(asked) as rows:
            for row in rows:
                out.write(row)
        return cursor.rowcount


def _paste(connection: psycopg.Connection[Any], table: Table, lines: Iterator[bytes]) -> int:
    asked = sql.SQL("COPY {} ({}) FROM STDIN").format(table.identifier, table.listed)
    with connection.cursor() as cursor:
        with cursor.copy(asked) as copy:
            for part in _parts(lines):
                copy.write(part)
        return cursor.rowcount


def _parts(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The rows up to the end of a table, many at once."""
    held, size = [], 0
    for line in lines:
        if line == _END:
            yield b"".join(held)
            return
        held.append(line)
        size += len(line)
        if size > _PART:
            yield b"".join(held)
            held, size = [], 0
    raise Broken("the stream ends within a table")


def _advance(connection: psycopg.Connection[Any], theirs: dict[str, int]) -> None:
    """No number is given twice: each sequence goes on behind theirs. Who may only use a sequence takes numbers until it is there."""
    for name, last in theirs.items():
        missing = last - sequences(connection).get(name, 0)
        if missing > 0:
            connection.execute(
                "SELECT max(nextval(%s::regclass)) FROM generate_series(1, %s::bigint)", [f'"{name}"', missing]
            )


def _must_be_the_same(known: Iterable[Table], theirs: list[dict[str, Any]]) -> None:
    ours = {table.name: list(table.columns) for table in known}
    sent = {each["name"]: list(each["columns"]) for each in theirs}
    if differ := sorted(name for name in {*ours, *sent} if ours.get(name) != sent.get(name)):
        raise OtherSchema(f"these tables are not the same on both sides: {', '.join(differ)}")


def _object(lines: Iterator[bytes]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(next(lines))
    except (StopIteration, ValueError):
        raise Broken("the stream ends before its end") from None
    return found


def _line(what: dict[str, Any]) -> bytes:
    return json.dumps(what).encode() + b"\n"
