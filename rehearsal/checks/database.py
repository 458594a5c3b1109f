"""What the host's PostgreSQL answers its superuser."""

from __future__ import annotations

from rehearsal.checks import Subject


def ask(subject: Subject, statement: str, *, database: str = "fines") -> str:
    """The answer to a statement: rows as lines, without headings."""
    asked = ["runuser", "-u", "postgres", "--", "psql", "-qtAX", database, "-c", statement]
    return subject.host.run(*asked).stdout.strip()


def started(subject: Subject) -> float:
    """When the database began, in seconds since 1970."""
    return float(ask(subject, "SELECT extract(epoch FROM pg_postmaster_start_time())", database="postgres"))
