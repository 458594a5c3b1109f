"""What a database holds, in figures that two of them can be compared by: for each block of rows, and for each table."""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from infracciones.moving.tables import Table

Digests = dict[tuple[str, str], str]  # by table and block: how many rows, and the sum of their digests


def digests(connection: psycopg.Connection[Any], among: Iterable[Table]) -> Digests:
    """The digests of all blocks that have rows."""
    found = {}
    for table in among:
        asked = sql.SQL("SELECT ({block})::text, count(*), sum({row})::text FROM ONLY {table} GROUP BY 1").format(
            block=table.block, row=table.row, table=table.identifier
        )
        for block, count, total in connection.execute(asked):
            found[table.name, block] = f"{count} {total}"
    return found


def sums(connection: psycopg.Connection[Any], among: Iterable[Table]) -> dict[str, str]:
    """For each table how many rows it has, and the sum of their digests."""
    found = {}
    for table in among:
        asked = sql.SQL("SELECT count(*), coalesce(sum({row}), 0)::text FROM ONLY {table}").format(
            row=table.row, table=table.identifier
        )
        ((count, total),) = connection.execute(asked)
        found[table.name] = f"{count} {total}"
    return found


def written(given: Digests) -> Iterator[str]:
    """Digests as lines."""
    return (f"{table} {block} {digest}" for (table, block), digest in sorted(given.items()))


def read(lines: Iterable[str]) -> Digests:
    """Digests from lines.

    Raises:
        ValueError: a line is none.
    """
    found = {}
    for line in filter(None, map(str.strip, lines)):
        table, block, digest = line.split(" ", 2)
        found[table, block] = digest
    return found
