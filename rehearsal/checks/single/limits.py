"""So many and no more: of a stranger's reports, of calls with one token, and of guesses at a password."""

from __future__ import annotations

import time
import uuid
from collections import Counter

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import must_be
from rehearsal.checks.people import People

_CALLS, _CALLS_ALLOWED, _COME_BACK = 1_000, 300, 5  # with one token: as many at once, and five come back each second
_TOLD_TO_WAIT = 20  # calls with one token, after which no more are made
_WRONG_PASSWORDS, _LOCKED_SECONDS = 10, 90.0  # after which a name is locked; and within which that must be seen
_GUESSES = 14  # of which NGINX has to refuse one: it lets ten a minute through, and eleven at once
_MORE_THAN_ALLOWED = 120  # reports of a stranger: the limit is 60 a minute, of which one comes back each second
_NO_TOKENS = 10  # reports in a row under what is no token: of those, too, one comes back each second


@check("single")
def a_stranger_gets_so_many_reports_and_no_more_and_an_officer_is_not_counted_with_them(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    ask = f"/generar_informe?correo={people.owners[0]}"
    statuses: Counter[int] = Counter()
    with people.client() as client:
        for _ in range(_MORE_THAN_ALLOWED):
            answer = client.get(ask)
            statuses[answer.status_code] += 1
            if answer.status_code == 429:
                must_be(answer, 429, what="one report more")
                if not answer.headers.get("Retry-After"):
                    raise CheckError("the 429 does not say when to come again")
                break
        if not statuses[200] or not statuses[429] or set(statuses) - {200, 429}:
            raise CheckError(f"{_MORE_THAN_ALLOWED} reports of a stranger were answered {dict(statuses)}")
        no_token = Counter(
            client.get(ask, headers={"Authorization": "Bearer x"}).status_code for _ in range(_NO_TOKENS)
        )
        if not no_token[429] or set(no_token) - {401, 429}:
            raise CheckError(f"{_NO_TOKENS} reports under what is no token were answered {dict(no_token)}")
        must_be(client.get(ask, headers=people.reader), 200, what="an officer's report")
        invented = {"Authorization": "Bearer " + "x" * 43}
        must_be(client.get(ask, headers=invented), 401, what="a report under an invented token")
    return f"{statuses[200]} answered, the next told to wait; an officer's went through, an invented token's did not"


@check("single")
def a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    ask = f"/generar_informe?correo={people.owners[0]}"
    with people.client() as client:
        began = time.monotonic()
        calls: Counter[int] = Counter()
        while calls[429] < _TOLD_TO_WAIT and calls.total() < _CALLS:
            calls[client.get(ask, headers=people.bearer(0)).status_code] += 1
        seconds = time.monotonic() - began
        most = _CALLS_ALLOWED + _COME_BACK * seconds + 2
        if not calls[429] or not _CALLS_ALLOWED <= calls[200] <= most or set(calls) - {200, 429}:
            raise CheckError(f"{calls.total()} calls with one token in {seconds:.1f} s were answered {dict(calls)}")
        must_be(client.get(ask, headers=people.reader), 200, what="a call with another token")
    wrong, told = _guessed(people)
    return f"{calls[429]} of {calls.total()} calls were told to wait; after {wrong} wrong passwords a name is locked, and {told} guesses told to wait"


def _guessed(people: People) -> tuple[int, int]:
    """Guesses a password, each time under another address that is only said; how many were looked at, and how many told to wait.

    Raises:
        CheckError: the service never locks the name, or NGINX lets all through.
    """
    seen: Counter[str] = Counter()
    with people.client() as client:
        client.get("/admin/login/")
        form = client.cookies["csrftoken"]
        guess = {"username": f"adivina-{uuid.uuid4().hex[:8]}", "csrfmiddlewaretoken": form}
        deadline = time.monotonic() + _LOCKED_SECONDS
        while not (seen["locked"] and seen["told to wait"] and seen["told to wait with a key"]):
            said = {
                "Referer": f"https://{people.domain}/admin/login/",
                "Cookie": f"csrftoken={form}",  # which httpx keeps for the address that the name was led to
                "X-Forwarded-For": f"192.0.2.{sum(seen.values()) % 250}",
            }
            if sum(seen.values()) % 2:  # as what may be repeated: another place of NGINX's
                said["Idempotency-Key"] = uuid.uuid4().hex
            answer = client.post("/admin/login/", data=guess | {"password": uuid.uuid4().hex}, headers=said)
            how = _how_a_guess_went(answer)
            seen[f"{how} with a key" if how == "told to wait" and "Idempotency-Key" in said else how] += 1
            too_many = seen["looked at"] > _WRONG_PASSWORDS or seen["locked"] > _GUESSES
            if too_many or time.monotonic() > deadline:
                raise CheckError(f"guesses of a password were answered so: {dict(seen)}")
            if seen["told to wait"] and not seen["locked"]:
                time.sleep(3)  # guesses of a check before this one have used up the limit
    return seen["looked at"], seen["told to wait"] + seen["told to wait with a key"]


def _how_a_guess_went(answer: httpx.Response) -> str:
    page = "text/html" in answer.headers.get("Content-Type", "")
    if page and answer.status_code == 200 and "errornote" in answer.text:
        return "looked at"
    if answer.status_code == 429:
        return "locked" if page else "told to wait"
    return f"{answer.status_code} {answer.text[:80]}"
