"""Returns once NGINX of the same pod has gone: what it is still answering needs the service."""

from pathlib import Path

from fines.jobs.said import eventually, say

_PID = Path("/tmp/nginx.pid")  # noqa: S108 - of both containers; NGINX removes it as the last thing it does
_SECONDS = 180.0


def outlive(pid: Path = _PID, seconds: float = _SECONDS) -> bool:
    """Whether NGINX ended in time."""
    return eventually(seconds, lambda: not pid.exists())


if __name__ == "__main__" and not outlive():
    say(f"NGINX is still there after {_SECONDS:.0f} seconds")
