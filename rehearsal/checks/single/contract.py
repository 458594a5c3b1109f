"""The contract that the running tier publishes, tried call by call: as it is meant, and with what nobody would think of (schemathesis)."""

from __future__ import annotations

import io
import itertools
import json
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import hypothesis
import requests
import schemathesis
from hypothesis import strategies
from PIL import Image
from schemathesis.core.failures import FailureGroup
from urllib3.exceptions import InsecureRequestWarning

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.people import People

# For the whole process: checks run beside each other, and a filter that is put back would be put back under another's feet.
warnings.simplefilter("ignore", InsecureRequestWarning)
warnings.simplefilter("ignore", hypothesis.errors.HypothesisDeprecationWarning)  # of schemathesis' own strategies
_WELL, _ILL = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
# Examples of each call: few enough for the limit on strangers, as which half of the well-formed ones are tried, and all of the others.
_EXAMPLES = {_WELL: 16, _ILL: 8}
_OFTEN, _NEVER = strategies.booleans(), strategies.just(False)
_OFFICERS = 8  # whose limits on calls are kept
# What is well formed may still be unknown to the database, or a text that is no date; and an address has three names, of which
# one may be ill formed and another one a person's.
# not_a_server_error is asked here, as it knows no 503 that says when to come again
_NOT_ASKED = ("positive_data_acceptance", "negative_data_rejection", "not_a_server_error")
_NDJSON = "application/x-ndjson"
_LINES = strategies.one_of(
    strategies.binary(max_size=40),
    strategies.fixed_dictionaries(
        {"id": strategies.one_of(strategies.uuids().map(str), strategies.text(max_size=9))},
        optional={
            "placa_patente": strategies.text(max_size=9),
            "timestamp": strategies.one_of(strategies.integers(), strategies.text(max_size=9)),
            "comentarios": strategies.text(max_size=9),
        },
    ).map(lambda row: json.dumps(row).encode()),
)
schemathesis.openapi.media_type(_NDJSON, strategies.lists(_LINES, max_size=4).map(b"\n".join))
_TRIES = 10  # of a call that is told to come again, as checks beside this one send photos too


@check("single", beside=True)
def no_call_of_the_published_contract_has_an_answer_that_it_does_not_name(subject: Subject) -> str:
    people = People.make(subject, officers=_OFFICERS, owners=1)
    with people.client() as client:
        published = client.get("/openapi.json")
        page = client.get("/docs")
        if published.status_code != 200 or page.status_code != 200 or "/openapi.json" not in page.text:
            raise CheckError(f"/openapi.json was answered {published.status_code}, /docs {page.status_code}")
        found = answered(client.post("/cargar_infraccion", json=_fine(people), headers=people.bearer(0)), 200)
        fine = str(found.json()["infraccion"]["id"])
        paths = [path.replace("{id}", fine) for path in published.json()["paths"]]
        for path in paths:
            refused = answered(client.patch(path, headers=people.reader), 405)
            if not refused.headers.get("Allow") or not refused.json()["mensaje"]:
                raise CheckError(f"PATCH {path} was answered without the methods that there are")
    trial = _Trial(people, fine)
    for each in cast(Any, schemathesis.openapi.from_dict(published.json())).get_all_operations():
        trial.as_meant(each.ok())
        for mode in (_WELL, _ILL):
            trial.as_nobody_means(each.ok(), mode)
    statuses = trial.statuses
    if not trial.kinds[_NDJSON]:
        raise CheckError(f"no file of lines was sent, as devices send them, but {dict(trial.kinds)}")
    if statuses[429]:
        raise CheckError(f"{statuses[429]} calls were more than the limits allow: they tried nothing")
    return f"{statuses.total()} calls: " + ", ".join(
        f"{status} {times} times" for status, times in sorted(statuses.items())
    )


def _fine(people: People) -> dict[str, object]:
    """A fine of a vehicle that the tier has."""
    return {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "Luz roja"}


class _Trial:
    """Calls of a tier, and the statuses that they were answered with; the fine is the first officer's."""

    def __init__(self, people: People, fine: str) -> None:
        self.statuses: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()  # of bodies
        self._people, self._fine = people, fine
        self._session = requests.Session()  # each call of its own would read all authorities again
        self._officers = itertools.cycle(range(_OFFICERS))
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "PNG")
        mail, reference = people.owners[0], {"path_parameters": {"id": fine}}
        self._meant: dict[str, tuple[int, dict[str, Any]]] = {
            "POST /cargar_infraccion": (200, _json(_fine(people))),
            "POST /cargar_infracciones": (200, _json([self._row()])),
            "GET /generar_informe": (200, {"query": {"correo": mail, "limite": 1}}),
            "POST /generar_informe": (200, _json({"correo": mail})),
            "POST /infracciones/{id}/evidencia": (
                201,
                reference | {"body": {"foto": picture.getvalue()}, "media_type": "multipart/form-data"},
            ),
            "GET /infracciones/{id}/evidencia": (200, reference),
        }

    def as_meant(self, operation: Any) -> None:
        """A call that has to be answered with what it is there for.

        Raises:
            CheckError: it was not, or not as the contract says.
        """
        expected, words = self._meant.get(operation.label, (200, {}))
        for _ in range(_TRIES):
            status = self._ask(operation.Case(**words), officer=0)
            if status != 503:
                break
            time.sleep(1)
        if status != expected:
            raise CheckError(f"{operation.label} as it is meant was answered {status}, not {expected}")

    def as_nobody_means(self, operation: Any, mode: Any) -> None:
        """Calls whose bodies and words the schema allows, or forbids; some that it allows name what there is.

        Raises:
            CheckError: an answer that the contract does not name.
        """

        def ask(case: Any, named: bool) -> None:
            if named:
                self._named(case)
                # That it is refused without a token is seen by the others: strangers have a limit.
                self._ask(case, officer=0, without=("ignored_auth",))
            else:
                self._ask(case, officer=next(self._officers))

        given: Any = hypothesis.given
        settings: Any = hypothesis.settings(
            max_examples=_EXAMPLES[mode],
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],  # the first failure will do, whatever is the smallest
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        named = _OFTEN if mode is _WELL else _NEVER
        with suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong with a call that takes nothing
            settings(given(operation.as_strategy(generation_mode=mode), named)(ask))()

    def _ask(self, case: Any, *, officer: int, without: tuple[str, ...] = ()) -> int:
        headers = self._people.bearer(officer) | {"Host": self._people.domain}
        excluded = [schemathesis.checks.CHECKS.get_one(name) for name in (*_NOT_ASKED, *without)]
        # By the address, as no resolver here knows the name; whose certificate it is, is another check's.
        try:
            answer = case.call_and_validate(
                base_url=f"https://{self._people.address}",
                headers=headers,
                excluded_checks=excluded,
                session=self._session,
                verify=False,
                timeout=30,
            )
        except FailureGroup as failures:
            raise CheckError(f"{case.operation.label}: {failures.exceptions[0]}"[:500]) from failures
        if answer.status_code >= 500 and not (answer.status_code == 503 and "retry-after" in answer.headers):
            raise CheckError(f"{case.operation.label}: {answer.status_code} {answer.text[:300]}")
        self.statuses[answer.status_code] += 1
        self.kinds[str(case.media_type)] += 1
        return int(answer.status_code)

    def _named(self, case: Any) -> None:
        """Puts the plate, the address and the fine that there are where the case has others."""
        there = _fine(self._people) | {"correo": self._people.owners[0]}
        del there["comentarios"]
        if case.media_type == _NDJSON:
            case.body += b"\n" + json.dumps(self._row()).encode()
        elif isinstance(case.body, list):
            case.body = [*case.body, self._row()]
        elif isinstance(case.body, dict):
            case.body = _with(case.body, there)
        if case.query:
            case.query = _with(case.query, there)
        if case.path_parameters:
            case.path_parameters = {"id": self._fine}

    def _row(self) -> dict[str, object]:
        return {"id": str(uuid.uuid4())} | _fine(self._people)


def _with(words: Mapping[str, Any], there: dict[str, object]) -> dict[str, Any]:
    """The words, with what there is under its name, and from the first page on."""
    return {name: there.get(name, word) for name, word in words.items() if name != "desde"}


def _json(body: object) -> dict[str, Any]:
    return {"body": body, "media_type": "application/json"}
