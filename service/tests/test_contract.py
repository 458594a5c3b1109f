"""The contract is true: whatever is sent, the answer is one that it names, and nothing is a server error."""

import re
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies
from infracciones.contract import document
from testing.server import Server

EXAMPLES = 60
LINES = strategies.lists(strategies.one_of(strategies.binary(max_size=40), strategies.just(b"{}")), max_size=4)
schemathesis.openapi.media_type("application/x-ndjson", LINES.map(b"\n".join))
# What is well formed may still be unknown to the database, or a text that is no date.
NOT_ASKED = ["positive_data_acceptance"]
OPERATIONS = {
    found.ok().label: found.ok()
    for found in schemathesis.openapi.from_dict(document("http://localhost")).get_all_operations()
}
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def server(env, token):
    with Server(env) as found:
        yield found


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_every_answer_is_one_that_the_contract_names(server, token, label, mode):
    statuses, kinds = set(), set()

    @hypothesis.given(OPERATIONS[label].as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def ask(case):
        answer = case.call_and_validate(
            base_url=server.url, headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded()
        )
        statuses.add(answer.status_code)
        kinds.add(case.media_type)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        pytest.skip("nothing can be wrong with a call that takes nothing")
    assert statuses
    if mode is schemathesis.GenerationMode.POSITIVE:
        assert kinds == set(OPERATIONS[label].get_request_payload_content_types()) or kinds == {None}


def excluded():
    return [schemathesis.checks.CHECKS.get_one(name) for name in NOT_ASKED]


def test_each_call_names_what_nginx_answers_to_any():
    front = (Path(__file__).parents[2] / "stacks/host/nginx/errors.inc").read_text()
    given = {int(status) for status in re.findall(r" /_error/(\d+);", front)}
    # These go by the call, and what nobody foresaw is no part of a contract.
    anywhere = given - {401, 404, 500}
    assert {400, 408, 413, 414, 429, 503, 504} <= anywhere
    for path, calls in document("http://localhost")["paths"].items():
        for method in {"get", "post"} & calls.keys():
            missing = anywhere - {int(status) for status in calls[method]["responses"]}
            assert not missing, f"{method} {path} lacks {missing}"
