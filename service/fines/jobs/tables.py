"""What a database holds, as a line for each table: its name, its number of rows, and a sum over all of them.

The same words as those of the machines' stacks/host/bin/table-sums, so that a dump of either can be proved by the other.
"""

import psycopg
from psycopg import sql

# Rows are summed as texts, which must be the same on another server.
_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
"""
_SUM = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY {} AS t"


def sums(connection: psycopg.Connection) -> str:
    """The lines, as this session sees the tables; their order is that of names."""
    for name, value in _SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", [name, value])
    lines = []
    for schema, table in connection.execute(_TABLES).fetchall():
        found = connection.execute(sql.SQL(_SUM).format(sql.Identifier(schema, table))).fetchone()
        assert found is not None
        lines.append(f"{schema}.{table} {found[0]} {found[1]}\n")
    return "".join(lines)
