"""What NGINX answers by itself: in JSON, over HTTPS for a year, so many and no more, and a page while nothing is up."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections import Counter

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports
from rehearsal.checks.people import People

_YEAR = "max-age=31536000"
_CALLS, _CALLS_ALLOWED = 340, 300  # with one token: five come back each second
_LOGINS = 14  # ten a minute are allowed
_MORE_THAN_ALLOWED = 70  # reports of a stranger: the limit is 60 a minute, of which one comes back each second


@check("single")
def nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    seen = []
    with people.client() as client:
        for name, answer, status in (
            ("a page", client.get("/admin/login/"), 200),
            ("a body of 65 KiB", client.post("/cargar_infraccion", content=bytes(65 * 1024)), 413),
            ("an address of 40 KiB", client.get("/generar_informe?correo=" + "x" * 40_000), 414),
            ("a header of 40 KiB", client.get("/token", headers={"X-Long": "x" * 40_000}), 400),
        ):
            _is(answer, status, what=name, page=status == 200)
            seen.append(f"{name}: {status}")
    return "; ".join(seen)


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
                _is(answer, 429, what="one report more")
                if not answer.headers.get("Retry-After"):
                    raise CheckError("the 429 does not say when to come again")
        if not statuses[200] or not statuses[429] or set(statuses) - {200, 429}:
            raise CheckError(f"{_MORE_THAN_ALLOWED} reports of a stranger were answered {dict(statuses)}")
        _is(client.get(ask, headers=people.reader), 200, what="an officer's report")
        invented = {"Authorization": "Bearer " + "x" * 43}
        _is(client.get(ask, headers=invented), 401, what="a report under an invented token")
        _is(client.get(ask, headers={"Authorization": "Bearer x"}), 429, what="a report under what is no token")
    return f"{statuses[200]} answered, {statuses[429]} told to wait; an officer's went through, an invented token's did not"


@check("single")
def a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    ask = f"/generar_informe?correo={people.owners[0]}"
    with people.client() as client:
        calls = Counter(client.get(ask, headers=people.bearer(0)).status_code for _ in range(_CALLS))
        if not calls[429] or calls[200] < _CALLS_ALLOWED or set(calls) - {200, 429}:
            raise CheckError(f"{_CALLS} calls with one token were answered {dict(calls)}")
        _is(client.get(ask, headers=people.reader), 200, what="a call with another token")
        guess = {"username": "admin", "password": "adivino"}
        logins = Counter(client.post("/admin/login/", data=guess).status_code for _ in range(_LOGINS))
    if not logins[429]:
        raise CheckError(f"{_LOGINS} guesses of a password were answered {dict(logins)}: none was told to wait")
    return f"{calls[429]} of {_CALLS} calls and {logins[429]} of {_LOGINS} guesses were told to wait"


@check("single")
def nothing_older_than_tls_1_2_is_spoken(subject: Subject) -> str:
    version = ssl.TLSVersion
    versions = (version.TLSv1, version.TLSv1_1, version.TLSv1_2, version.TLSv1_3)
    spoken = [each.name for each in versions if _speaks(subject, each)]
    if spoken != ["TLSv1_2", "TLSv1_3"]:
        raise CheckError(f"of the versions of TLS these are spoken: {spoken}")
    return "TLS 1.0 and 1.1 are refused by the server, 1.2 and 1.3 are spoken"


def _speaks(subject: Subject, version: ssl.TLSVersion) -> bool:
    """Whether the server speaks a version of TLS with a client that would."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the versions that are to be refused
        context.minimum_version = context.maximum_version = version
    with socket.create_connection((subject.address, 443), timeout=10) as plain:
        try:
            context.wrap_socket(plain, server_hostname=subject.domain).close()
        except ssl.SSLError as error:
            if "ALERT_PROTOCOL_VERSION" not in str(error).upper().replace(" ", "_"):
                raise CheckError(f"{version.name} was not refused by the server, but failed: {error}") from error
            return False
    return True


@check("single")
def while_no_container_runs_people_get_a_page_and_programs_get_json(subject: Subject) -> str:
    people, host = People.make(subject, officers=1, owners=1), subject.host
    units = [f"fines-web@{port}.service" for port in ports(subject)]
    host.run("systemctl", "stop", *units, timeout=120)
    try:
        with people.client() as client:
            _is(client.get("/generar_informe?correo=a@b.example", headers=people.reader), 503, what="a report")
            page = client.get("/admin/", headers={"Accept": "text/html"})
    finally:
        host.run("systemctl", "start", *units, timeout=120)
        _await_ready(people)
    if page.status_code != 503 or "En mantenimiento" not in page.text or "Retry-After" not in page.headers:
        raise CheckError(f"a person was answered {page.status_code}: {page.text[:200]}")
    return f"503 both, until {len(units)} containers were back"


def _is(answer: httpx.Response, status: int, *, what: str, page: bool = False) -> None:
    """The answer has the status, JSON that says what to do, and the header that keeps browsers with HTTPS."""
    if answer.status_code != status:
        raise CheckError(f"{what} was answered {answer.status_code}, not {status}: {answer.text[:160]}")
    if not page and (answer.headers.get("Content-Type") != "application/json" or not answer.json()):
        raise CheckError(f"{what}: {answer.headers.get('Content-Type')} and no JSON: {answer.text[:160]}")
    if _YEAR not in answer.headers.get("Strict-Transport-Security", ""):
        raise CheckError(f"{what} does not tell browsers to stay with HTTPS")
    if status >= 400 and not answer.json().get("mensaje"):
        raise CheckError(f"{what} does not say what to do: {answer.text[:160]}")


def _await_ready(people: People) -> None:
    deadline = time.monotonic() + 60
    with people.client() as client:
        while client.get("/readyz").status_code != 200:
            if time.monotonic() > deadline:
                raise CheckError("the containers did not come back within a minute")
            time.sleep(0.3)
        time.sleep(2)  # NGINX passes over a container that it saw fail for so long
