"""Each way through NGINX to the service has its limits: by token, and by address, which alone holds for invented tokens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_FRONT = (Path(__file__).parents[2] / "stacks/host/nginx/fines.conf").read_text()
_PLACES = dict(re.findall(r"^  location (\S.*?) {\n(.*?)^  }$", _FRONT, re.M | re.S))
# What is reached from another place alone, which has counted; and what is asked without a token.
_BEHIND = {"@upload", "@photo", "= /_officer"}
# Who guesses passwords may do so with a key, and is sent on as what may be repeated.
_BESIDES = {
    "/": [("logins", "LOGIN")],
    "@repeatable": [("logins", "LOGIN")],
    "/generar_informe": [("reports", "REPORT")],
}
_TOKENLESS = {"~ ^/(healthz|readyz)/?$"}


def test_the_places_are_found() -> None:
    assert len(_PLACES) > 6
    assert set(_PLACES) >= {"~ ^/cargar_infracciones/?$"} | set(_BESIDES) | _BEHIND | _TOKENLESS


@pytest.mark.parametrize(
    "place", [each for each in _PLACES if re.search(r"(proxy|files)\.inc", _PLACES[each]) and each not in _BEHIND]
)
def test_a_place_that_leads_to_the_service_counts_calls_of_an_address_and_of_a_token(place: str) -> None:
    own = [] if place in _TOKENLESS else [("callers", "TOKEN")]
    for zone, setting in (("addresses", "ADDRESS"), *own, *_BESIDES.get(place, [])):
        assert f"limit_req zone={zone} burst=@FINES_RATE_{setting}_PER_MINUTE@ nodelay;" in _PLACES[place]


def test_what_is_written_of_a_request_has_no_token_in_it() -> None:
    (kept,) = re.findall(r"^log_format fines (.*?);$", _FRONT, re.M | re.S)
    assert not re.findall(r"\$(?:http_|sent_http_|cookie_|arg_|request\b|request_uri|args|token|caller)\w*", kept)
