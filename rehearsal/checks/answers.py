"""What a call must be answered."""

from __future__ import annotations

import httpx

from rehearsal.checks import CheckError


def answered(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, which must have the status.

    Raises:
        CheckError: it has another; the message has what was said.
    """
    if answer.status_code != status:
        what = f"{answer.request.method} {answer.request.url.path}"
        raise CheckError(f"{what} was answered {answer.status_code}, not {status}: {answer.text[:200]}")
    return answer
