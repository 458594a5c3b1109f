"""The roles of a managed database: who owns the tables, the two users of the service that take turns, and who dumps.

The master of a managed database is no superuser: it may make roles and databases, and no more.
"""

import psycopg
from psycopg import sql

from fines.database.credentials import Credentials

GROUP = "fines_service"  # what the service may do; its users are members of it
USERS = ("fines_a", "fines_b")


def make_roles(master: psycopg.Connection, *, migrator: Credentials, reader: Credentials) -> None:
    """Makes the roles that are not there yet, and gives migrator and reader their passwords; safe to run again."""
    for login in (migrator, reader):
        _create(master, login["username"], "LOGIN")
        set_password(master, login["username"], login["password"])
    _create(master, GROUP, "NOLOGIN")
    for user in USERS:
        _create(master, user, "LOGIN")
        master.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(GROUP), sql.Identifier(user)))
    database = master.info.dbname
    name, owner = sql.Identifier(database), sql.Identifier(migrator["username"])
    # A master that made a role may give itself what the role is, which PostgreSQL asks of who gives a database away.
    master.execute(sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(owner))
    master.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    master.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM public").format(name))
    master.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(GROUP)))
    master.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(reader["username"])))


def open_schema(owner: psycopg.Connection, *, reader: str) -> None:
    """Lets the service's users read and write the rows of what the migrator makes from now on, and nothing else.

    The reader may read all of it, what was made before it was there too, and change none.
    """
    group, reads = sql.Identifier(GROUP), sql.Identifier(reader)
    for statement in (
        "ALTER SCHEMA public OWNER TO CURRENT_USER",
        "REVOKE ALL ON SCHEMA public FROM public",
        "GRANT USAGE ON SCHEMA public TO {group}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {group}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {group}",
        "GRANT USAGE ON SCHEMA public TO {reads}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reads}",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {reads}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {reads}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO {reads}",
    ):
        owner.execute(sql.SQL(statement).format(group=group, reads=reads))


def set_password(connection: psycopg.Connection, user: str, password: str) -> None:
    """Gives a user a password: what goes over the wire, and into a log of statements, is its verifier alone."""
    verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier)))


def take_defaults(connection: psycopg.Connection, user: str, *, of: str) -> None:
    """Gives a user the defaults of another: who takes its turn while writes are paused does not write either."""
    found = connection.execute(
        "SELECT split_part(each, '=', 1), substr(each, strpos(each, '=') + 1) "
        "FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) each "
        "WHERE r.rolname = %s AND s.setdatabase = 0",
        [of],
    ).fetchall()
    role = sql.Identifier(user)
    with connection.transaction():
        connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
        for name, value in found:
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(name), sql.Literal(value))
            )


def _create(connection: psycopg.Connection, role: str, options: str) -> None:
    found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role)))  # type: ignore[arg-type]
