"""What became of the fines of a request, for whoever counts them."""

from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Counts:
    """Fines of one request: written, found again, and not taken."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0


def count(request: HttpRequest, counts: Counts) -> None:
    """Notes what became of the request's fines."""
    request.fine_counts = counts  # type: ignore[attr-defined]


def counts_of(request: HttpRequest) -> Counts | None:
    """What was noted; None where a request is not about fines."""
    found: Counts | None = getattr(request, "fine_counts", None)
    return found
