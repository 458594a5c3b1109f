"""What the host's PostgreSQL answers its superuser."""

from __future__ import annotations

from rehearsal.checks import Subject


def ask(subject: Subject, statement: str, *, database: str = "fines") -> str:
    """The answer to a statement: rows as lines, without headings."""
    asked = ["runuser", "-u", "postgres", "--", "psql", "-qtAX", database, "-c", statement]
    return subject.host.run(*asked).stdout.strip()
