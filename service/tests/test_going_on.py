"""A database that is found on a volume goes on by itself, or with WAL of the backups: the host's own programs, and a folder as repository."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from testing.postgres import SUPERUSER, Postgres

HOST_FILES = Path(__file__).parents[2] / "stacks/host"
SECONDS = 30
# What pgBackRest answers: of a folder's files, and of its own state; with `away` in the folder, as when S3 does not answer.
PGBACKREST = """\
#!/bin/bash
repository={repository}
case " $* " in
  *" info "*) code=$(cat "$repository/code" 2> /dev/null || echo 0); echo "[{{\\"status\\": {{\\"code\\": $code}}}}]" ;;
  *) [[ ! -e $repository/away ]] || exit 103; [[ -e $repository/${{@: -2:1}} ]] || exit 1; cp "$repository/${{@: -2:1}}" "${{@: -1}}" ;;
esac
"""
RUNUSER = '#!/bin/bash\nif ((EUID == 0)); then exec /usr/sbin/runuser -u nobody -- "${@:4}"; fi\nexec "${@:4}"\n'


class Host:
    """A host's programs in the folder of a server, which plays the volume's database."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres, self.folder = postgres, postgres.folder
        self.archive, self.bin = self.folder / "archive", self.folder / "bin"
        for each in (self.archive, self.bin, self.folder / "host/bin", self.folder / "run"):
            each.mkdir(parents=True)
        (self.bin / "pgbackrest").write_text(PGBACKREST.format(repository=self.archive))
        (self.bin / "runuser").write_text(RUNUSER)
        (self.folder / "boot.env").write_text("FINES_VOLUME_ID=vol-1\n")
        for name in ("lib.sh", "aws.env", "bin/go-on", "bin/archive-get"):
            text = (HOST_FILES / name).read_text()
            for there, here in (
                ("/etc/fines/boot.env", f"{self.folder}/boot.env"),
                ("/opt/fines/host", f"{self.folder}/host"),
                ("DATA=/srv/fines", f"DATA={self.folder}/volume"),
                ("/run/fines/", f"{self.folder}/run/"),
            ):
                text = text.replace(there, here)
            (self.folder / "host" / name).write_text(text)
        for program in (*self.bin.iterdir(), *(self.folder / "host/bin").iterdir()):
            program.chmod(0o755)
        (self.folder / "volume/postgresql/17").mkdir(parents=True)
        (self.folder / "volume/postgresql/17/main").symlink_to(postgres.data)

    def ran_on(self, volume: str) -> None:
        """The volume says that its database ran on this one last."""
        (self.folder / "volume/postgresql/volume").write_text(f"{volume}\n")

    def go_on(self) -> tuple[int, str]:
        """What the program that decides ends with and says."""
        environment = {"PATH": os.environ["PATH"], "POSTGRESQL": str(self.postgres._programs)}
        command = [self.folder / "host/bin/go-on", str(self.postgres.data)]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        return done.returncode, done.stderr

    def ask(self, *statements: str) -> list[str]:
        """The answers of the last statement, once the database takes writes."""
        login = {"user": SUPERUSER, "password": self.postgres.password, "dbname": "postgres"}
        with psycopg.connect(host=str(self.postgres.socket), autocommit=True, **login) as connection:
            deadline = time.monotonic() + SECONDS
            while connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            for statement in statements:
                answer = connection.execute(statement)
            return [str(row[0]) for row in answer.fetchall()] if answer.description else []

    def archived(self) -> None:
        """What was written is in the repository."""
        (segment,) = self.ask("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.ask("SELECT pg_switch_wal()")
        deadline = time.monotonic() + SECONDS
        while not (self.archive / segment).exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def snapshot(self, to: Path) -> None:
        """A copy of the cluster as a loss of power would leave it; the database goes on."""
        self.postgres.stop("immediate")
        subprocess.run(["cp", "-a", self.postgres.data, to], check=True)
        self.postgres.start()

    def put_back(self, snapshot: Path) -> None:
        """In the volume's place there is one that was filled from a snapshot."""
        self.postgres.stop()
        shutil.rmtree(self.postgres.data)
        subprocess.run(["cp", "-a", snapshot, self.postgres.data], check=True)


@pytest.fixture
def host(monkeypatch):
    postgres = Postgres()
    try:
        monkeypatch.setenv("PATH", f"{postgres.folder}/bin:{os.environ['PATH']}")
        host = Host(postgres)
        postgres.create()
        if owner := postgres.data.stat().st_uid:
            os.chown(host.archive, owner, -1)
        with (postgres.data / "postgresql.conf").open("a") as file:
            file.write(f"synchronous_commit = on\narchive_mode = on\narchive_command = 'cp %p {host.archive}/%f'\n")
        postgres.stop()
        postgres.start()
        host.ask("CREATE TABLE cosas (n int)", "INSERT INTO cosas VALUES (1)")
        host.ran_on("vol-1")
        yield host
    finally:
        postgres.remove()


TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
ROWS = "SELECT n FROM cosas ORDER BY n"


def test_a_database_on_its_own_volume_goes_on_by_itself(host):
    host.postgres.stop("immediate")
    assert host.go_on() == (0, "")
    assert not (host.postgres.data / "recovery.signal").exists()
    host.postgres.start()
    assert host.ask(ROWS) == ["1"]
    assert host.ask(TIMELINE) == ["00000001"]


@pytest.mark.parametrize("written", ["vol-0", ""])
def test_one_that_came_with_a_snapshot_has_what_the_backups_have_and_a_line_of_its_own(host, written):
    host.snapshot(to=host.folder / "snapshot")
    host.ask("INSERT INTO cosas VALUES (2)")
    host.archived()
    host.put_back(host.folder / "snapshot")
    host.ran_on(written)
    (host.folder / "run/snapshot").write_text("snap-1" if not written else "")
    status, said = host.go_on()
    assert status == 0 and "going on with what the backups have" in said
    host.postgres.start()
    assert host.ask(ROWS) == ["1", "2"]
    assert host.ask(TIMELINE) == ["00000002"]


def test_a_volume_that_was_made_of_nothing_is_no_copy(host):
    (host.folder / "volume/postgresql/volume").unlink()
    (host.folder / "run/snapshot").write_text("")
    host.postgres.stop()
    assert host.go_on() == (0, "")


def test_one_that_was_given_up_and_is_taken_again_is_what_is_restored_from_then_on(host):
    host.snapshot(to=host.folder / "snapshot")
    kept = host.folder / "kept"
    host.postgres.stop()
    subprocess.run(["cp", "-a", host.postgres.data, kept], check=True)
    host.postgres.start()
    host.put_back(host.folder / "snapshot")  # the move to another volume …
    host.ran_on("vol-0")
    host.go_on()
    host.postgres.start()
    host.ask("INSERT INTO cosas VALUES (7)")
    host.archived()
    assert (host.archive / "00000002.history").exists()
    host.put_back(kept)  # … that failed once it had gone on
    host.ran_on("vol-1")
    status, said = host.go_on()
    assert status == 0 and "another database went on from this one" in said
    host.postgres.start()
    host.ask("INSERT INTO cosas VALUES (3)")
    assert host.ask(TIMELINE) == ["00000003"]
    host.archived()
    host.put_back(host.folder / "snapshot")  # and the move is tried again
    host.ran_on("vol-0")
    host.go_on()
    host.postgres.start()
    assert host.ask(ROWS) == ["1", "3"]


def test_the_next_line_may_be_its_own(host):
    host.postgres.stop()
    shutil.copy(HOST_FILES / "aws.env", host.archive / "00000002.history")
    shutil.copy(HOST_FILES / "aws.env", host.postgres.data / "pg_wal/00000002.history")
    assert host.go_on() == (0, "")
    assert not (host.postgres.data / "recovery.signal").exists()


def test_while_the_backups_cannot_be_read_a_copy_does_not_begin_and_the_volumes_own_database_does(host):
    (host.archive / "away").touch()
    host.postgres.stop()
    status, said = host.go_on()
    assert status == 0 and "it is not known whether another database went on" in said
    assert (host.folder / "run/line-unknown").read_text() == "00000002.history\n"
    host.ran_on("vol-0")
    for code in (3, 99):
        (host.archive / "code").write_text(str(code))
        status, said = host.go_on()
        assert status == 1 and f"cannot be read (pgBackRest's status {code})" in said
    (host.archive / "code").write_text("1")
    status, said = host.go_on()
    assert status == 0 and "there are no backups to go on with" in said
    assert not (host.postgres.data / "recovery.signal").exists()


def test_backups_that_go_away_in_the_midst_are_not_the_end_of_the_wal(host):
    host.snapshot(to=host.folder / "snapshot")
    host.archived()
    host.put_back(host.folder / "snapshot")
    host.ran_on("vol-0")
    assert host.go_on()[0] == 0
    (host.archive / "away").touch()
    with pytest.raises(RuntimeError, match="could not restore file"):
        host.postgres.start()
    (host.archive / "away").unlink()
    assert host.go_on() == (0, "")  # a boot that comes again changes nothing
    host.postgres.start()
    assert host.ask(TIMELINE) == ["00000002"]
