"""The tables that move, and the blocks of their rows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

# What the database's own history is stays with it: both sides must have the same migrations, whenever they were applied.
STAYS = "django_migrations"
_SHIFT = 10  # a block has the rows of 1,024 ids; of keys that are no numbers, those whose digest begins with the same two digits
_FEW = 64  # ranges of ids that are asked for one by one; more of them cost as much as one look at all rows

_TABLES = """
SELECT c.relname::text, k.attname::text, k.atttypid = ANY ('{int2,int4,int8}'::regtype[]),
       (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
LEFT JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> %s
ORDER BY 1
"""
# Rows as text say the same on both sides only if both write times, bytes and fractions alike.
_SAME_TEXT = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


@dataclass(frozen=True)
class Table:
    """A table with its columns in the order of their names, and the one that is its primary key."""

    name: str
    key: str
    numbered: bool
    columns: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.name)

    @property
    def listed(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))

    @property
    def block(self) -> sql.Composed:
        """The block of a row, as an expression."""
        text = "{}::bigint >> " + str(_SHIFT) if self.numbered else "left(md5({}::text), 2)"
        return sql.SQL(text).format(sql.Identifier(self.key))  # type: ignore[arg-type]

    @property
    def row(self) -> sql.Composed:
        """The digest of a row, as an expression."""
        return sql.SQL("hashtextextended(ROW({})::text, 0)::numeric").format(self.listed)

    def within(self, blocks: Collection[str]) -> sql.Composed:
        """Whether a row is in one of these blocks, as a condition."""
        if not self.numbered:
            return sql.SQL("{} = ANY ({})").format(self.block, sql.Literal(sorted(blocks)))
        ranges = list(_ranges(map(int, blocks)))
        if len(ranges) > _FEW:
            return sql.SQL("{} = ANY ({})").format(self.block, sql.Literal(sorted(map(int, blocks))))
        one = sql.SQL("{key} >= {first} AND {key} < {last}")
        parts = [
            one.format(key=sql.Identifier(self.key), first=first << _SHIFT, last=last << _SHIFT)
            for first, last in ranges
        ]
        return sql.SQL("({})").format(sql.SQL(" OR ").join(parts))


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Has the session write rows as every other one does that was prepared, and take the time that it takes."""
    for name, value in _SAME_TEXT.items():
        connection.execute("SELECT set_config(%s, %s, false)", [name, value])


def tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """All tables with rows of the service, by their names.

    Raises:
        ValueError: one has no primary key of a single column.
    """
    found = []
    for name, key, numbered, columns in connection.execute(_TABLES, [STAYS]):
        if key is None:
            raise ValueError(
                f"the table {name} has no primary key of one column, so that its rows cannot be told apart"
            )
        found.append(Table(name, key, bool(numbered), tuple(columns)))
    return found


def sequences(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """The last number that each sequence gave; 0 where it gave none."""
    asked = "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = current_schema() AND sequencename <> %s"
    return {name: last or 0 for name, last in connection.execute(asked, [f"{STAYS}_id_seq"])}


def _ranges(blocks: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Blocks that follow each other as one range: its first block, and the one after its last."""
    begun: tuple[int, int] | None = None
    for block in sorted(blocks):
        if begun and begun[1] == block:
            begun = (begun[0], block + 1)
        else:
            if begun:
                yield begun
            begun = (block, block + 1)
    if begun:
        yield begun
