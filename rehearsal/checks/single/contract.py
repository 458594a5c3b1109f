"""The contract that the running tier publishes, tried call by call with what nobody would think of (schemathesis)."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import hypothesis
import schemathesis
from schemathesis.core.failures import FailureGroup
from urllib3.exceptions import InsecureRequestWarning

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.people import People

# For the whole process: checks run beside each other, and a filter that is put back would be put back under another's feet.
warnings.simplefilter("ignore", InsecureRequestWarning)
warnings.simplefilter("ignore", hypothesis.errors.HypothesisDeprecationWarning)  # of schemathesis' own strategies
_EXAMPLES = 8  # of each call, well formed and not: few enough for the limit on strangers, as which some are tried
_OFFICERS = 8  # whose limits on calls are kept
# What is well formed may still be unknown to the database, or a text that is no date.
_NOT_ASKED = ("positive_data_acceptance",)
_MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


@check("single", beside=True)
def no_call_of_the_published_contract_has_an_answer_that_it_does_not_name(subject: Subject) -> str:
    people = People.make(subject, officers=_OFFICERS, owners=1)
    with people.client() as client:
        published = client.get("/openapi.json")
        page = client.get("/docs")
    if published.status_code != 200 or page.status_code != 200 or "/openapi.json" not in page.text:
        raise CheckError(f"/openapi.json was answered {published.status_code}, /docs {page.status_code}")
    officers = itertools.cycle(range(_OFFICERS))
    statuses: Counter[int] = Counter()
    for found in cast(Any, schemathesis.openapi.from_dict(published.json())).get_all_operations():
        for mode in _MODES:
            statuses += _tried(found.ok(), mode, people, officers)
    if statuses[429]:
        raise CheckError(f"{statuses[429]} calls were more than the limits allow: they tried nothing")
    return f"{statuses.total()} calls: " + ", ".join(
        f"{status} {times} times" for status, times in sorted(statuses.items())
    )


def _tried(operation: Any, mode: Any, people: People, officers: Iterator[int]) -> Counter[int]:
    """The statuses of one call's answers, to bodies and words that its schema allows, or forbids.

    Raises:
        CheckError: an answer that the contract does not name.
    """
    statuses: Counter[int] = Counter()
    excluded = [schemathesis.checks.CHECKS.get_one(name) for name in _NOT_ASKED]

    def ask(case: Any) -> None:
        headers = people.bearer(next(officers)) | {"Host": people.domain}
        # By the address, as no resolver here knows the name; whose certificate it is, is another check's.
        answer = case.call_and_validate(
            base_url=f"https://{people.address}", headers=headers, excluded_checks=excluded, verify=False, timeout=30
        )
        statuses[answer.status_code] += 1

    given: Any = hypothesis.given
    settings: Any = hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        settings(given(operation.as_strategy(generation_mode=mode))(ask))()
    except hypothesis.errors.Unsatisfiable:
        pass  # nothing can be wrong with a call that takes nothing
    except FailureGroup as failures:
        raise CheckError(f"{operation.label}: {failures.exceptions[0]}"[:500]) from failures
    return statuses
