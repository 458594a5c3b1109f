"""What a call must be answered."""

from __future__ import annotations

import httpx

from rehearsal.checks import CheckError

_YEAR = "max-age=31536000"


def answered(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, which must have the status.

    Raises:
        CheckError: it has another; the message has what was said.
    """
    if answer.status_code != status:
        what = f"{answer.request.method} {answer.request.url.path}"
        raise CheckError(f"{what} was answered {answer.status_code}, not {status}: {answer.text[:200]}")
    return answer


def must_be(answer: httpx.Response, status: int, *, what: str, page: bool = False) -> None:
    """The answer has the status, JSON that says what to do, and the header that keeps browsers with HTTPS.

    Raises:
        CheckError: it has not.
    """
    if answer.status_code != status:
        raise CheckError(f"{what} was answered {answer.status_code}, not {status}: {answer.text[:160]}")
    if not page and (answer.headers.get("Content-Type") != "application/json" or not answer.json()):
        raise CheckError(f"{what}: {answer.headers.get('Content-Type')} and no JSON: {answer.text[:160]}")
    if (told := answer.headers.get_list("X-Content-Type-Options")) != ["nosniff"]:
        raise CheckError(f"{what} tells browsers of its type: {told}, and should say once that it is no other")
    if _YEAR not in answer.headers.get("Strict-Transport-Security", ""):
        raise CheckError(f"{what} does not tell browsers to stay with HTTPS")
    if status >= 400 and not answer.json().get("mensaje"):
        raise CheckError(f"{what} does not say what to do: {answer.text[:160]}")
