"""What NGINX answers by itself: in JSON, over HTTPS for a year, written down as it was asked, and a page while nothing is up."""

from __future__ import annotations

import json
import socket
import ssl
import time
import uuid
import warnings
from typing import Any

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import must_be
from rehearsal.checks.containers import ports
from rehearsal.checks.people import People
from rehearsal.checks.wire import connected

_POST, _JSON, _SIZE = "POST /cargar_infraccion HTTP/1.1", "Content-Type: application/json", "Content-Length: {size}"
# What is no request of HTTP's, or is two: for each a 400 that says so, and nothing is written.
_MALFORMED = {
    "two idempotency keys": [_POST, _JSON, _SIZE, "Idempotency-Key: a", "Idempotency-Key: b"],
    "two types": [_POST, _JSON, _JSON, _SIZE],
    "two lengths": [_POST, _JSON, _SIZE, "Content-Length: 9"],
    "a length and chunks": [_POST, _JSON, _SIZE, "Transfer-Encoding: chunked"],
    "an unknown coding": [_POST, _JSON, "Transfer-Encoding: gzip, chunked"],
    "two names": [_POST, _JSON, _SIZE, "Host: other.example"],
}
_TOLD = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
_POLICY = ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
_LOGGED = 10.0  # seconds within which a request is in the logs


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
            must_be(answer, status, what=name, page=status == 200)
            seen.append(f"{name}: {status}")
            if status == 413:
                _must_be_logged(subject, answer, "POST", "/cargar_infraccion")
    for name, lines in _MALFORMED.items():
        status, told = _raw(subject, people, lines)
        if status != 400 or not told.get("mensaje"):
            raise CheckError(f"{name} was answered {status}: {told}")
        seen.append(f"{name}: 400")
    return "; ".join(seen)


def _must_be_logged(subject: Subject, answer: httpx.Response, method: str, path: str) -> None:
    """NGINX's log has what was asked for, though NGINX led it elsewhere to answer it.

    Raises:
        CheckError: it has not, or not in time.
    """
    line = _awaited(subject, "NGINX", answer.headers["X-Request-Id"], "cat /var/log/nginx/fines.log")
    logged = json.loads(line)
    if (logged["method"], logged["uri"], logged["status"]) != (method, path, answer.status_code):
        raise CheckError(f"{method} {path} was answered {answer.status_code}, and is in NGINX's log as {line.strip()}")


def _awaited(subject: Subject, whose: str, number: str, log: str) -> str:
    """What a log has of a request, by its number; `log` is the command that prints the log.

    Raises:
        CheckError: it has nothing in time.
    """
    deadline = time.monotonic() + _LOGGED
    while not (lines := subject.host.run("sh", "-c", f"{log} | grep -F {number}", check=False).stdout):
        if time.monotonic() > deadline:
            raise CheckError(f"the log of {whose} does not have the request {number}")
        time.sleep(0.3)
    return lines


def _raw(subject: Subject, people: People, lines: list[str]) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of what a fine with these lines in its head is answered."""
    fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "dos veces"}
    body = json.dumps(fine).encode()
    head = [f"Host: {subject.domain}", f"Authorization: Bearer {people.tokens[0]}", "Connection: close"]
    first, *rest = [line.format(size=len(body)) for line in lines]
    with connected(subject) as connection:
        connection.sendall("\r\n".join([first, *head, *rest, "", ""]).encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, content = answer.partition(b"\r\n\r\n")
    status = int(top.split(b" ", 2)[1]) if top.count(b" ") else 0
    try:
        told = json.loads(content[content.find(b"{") : content.rfind(b"}") + 1])  # it may come in chunks
    except ValueError:
        told = {"no JSON": content[:120].decode(errors="replace")}
    return status, dict(told)


@check("single")
def browsers_are_told_to_frame_sniff_and_script_nothing_and_a_form_without_its_token_is_refused(
    subject: Subject,
) -> str:
    people = People.make(subject, officers=1, owners=1)
    with people.client() as client:
        for path in ("/admin/login/", "/docs", "/token", "/nowhere"):
            told = client.get(path, headers=people.reader).headers
            policy = told.get("Content-Security-Policy", "")
            wrong = [name for name, wanted in _TOLD.items() if told.get(name) != wanted]
            wrong += [rule for rule in _POLICY if rule not in policy]
            if wrong:
                raise CheckError(f"{path} does not tell browsers what it should of {', '.join(wrong)}: {dict(told)}")
        cookies = client.get("/admin/login/").headers.get_list("Set-Cookie")
        if not cookies or (lax := [each for each in cookies if "Secure" not in each or "SameSite" not in each]):
            raise CheckError(
                f"these cookies go anywhere: {lax}" if cookies else "the login sets no cookie for its form"
            )
        client.cookies.clear()
        forged = client.post("/admin/login/", data={"username": "admin", "password": "x"})
    if forged.status_code != 403:
        raise CheckError(f"a login without the form's token was answered {forged.status_code}")
    return f"{', '.join(_TOLD)} and a policy that allows own scripts alone; a forged login: 403"


@check("single")
def the_number_of_a_request_is_in_its_answer_in_the_log_of_nginx_and_in_that_of_the_service(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    with people.client() as client:
        answer = client.get(f"/generar_informe?correo={people.owners[0]}", headers=people.reader)
    numbers = answer.headers.get_list("X-Request-Id")
    if len(numbers) != 1 or not numbers[0]:
        raise CheckError(f"the answer has the numbers {numbers}")
    for what, log in {
        "NGINX": "cat /var/log/nginx/fines.log",
        "the service": "journalctl CONTAINER_TAG=fines-web --no-pager --output=cat",
    }.items():
        _awaited(subject, what, numbers[0], log)
    secret = people.tokens[-1]
    logs = "cat /var/log/nginx/*.log; journalctl --since=-5min --no-pager --output=cat"
    if told := subject.host.run("sh", "-c", f"({logs}) | grep -F {secret}", check=False).stdout:
        raise CheckError(f"a log has the officer's token: {told.replace(secret, '…')[:200]}")
    return f"{numbers[0]}, once in the answer and in both logs, of which none has the token"


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
    whose = f"{uuid.uuid4().hex}@b.example"
    host.run("systemctl", "stop", *units, timeout=120)
    try:
        with people.client() as client:
            must_be(client.get(f"/generar_informe?correo={whose}", headers=people.reader), 503, what="a report")
            page = client.get("/admin/", headers={"Accept": "text/html"})
        told = host.run("sh", "-c", f"grep -c {whose} /var/log/nginx/*.log", check=False).stdout
    finally:
        host.run("systemctl", "start", *units, timeout=120)
        _await_ready(people)
    if page.status_code != 503 or "En mantenimiento" not in page.text or "Retry-After" not in page.headers:
        raise CheckError(f"a person was answered {page.status_code}: {page.text[:200]}")
    if any(not line.endswith(":0") for line in told.split()) or not told:
        raise CheckError(f"NGINX's logs have the address of the person whom a report was of: {told}")
    return f"503 both, until {len(units)} containers were back; no log has whom the report was of"


def _await_ready(people: People) -> None:
    deadline = time.monotonic() + 60
    with people.client() as client:
        while client.get("/readyz").status_code != 200:
            if time.monotonic() > deadline:
                raise CheckError("the containers did not come back within a minute")
            time.sleep(0.3)
        time.sleep(2)  # NGINX passes over a container that it saw fail for so long
