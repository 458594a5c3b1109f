"""Wrong settings are refused by name, all of them at once, and no secret is shown."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from fines.environment import Environment


def refusal(env: Environment) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        env.check()
    return str(caught.value)


def test_values_are_read_and_defaults_taken():
    env = Environment(
        {
            "A": " text ",
            "N": "7",
            "B": "Yes",
            "C": "two",
            "H": "a.example, .b.example",
            "O": "https://a.example/",
            "Z": "Europe/Madrid",
        }
    )
    assert env.text("A") == "text"
    assert env.integer("N", 1, least=1, most=9) == 7
    assert env.integer("MISSING", 3, least=1, most=9) == 3
    assert env.boolean("B", default=False) is True
    assert env.boolean("MISSING", default=False) is False
    assert env.choice("C", "one", of=("one", "two")) == "two"
    assert env.hosts("H") == ["a.example", ".b.example"]
    assert env.origin("O") == "https://a.example"
    assert env.time_zone("Z", "UTC") == "Europe/Madrid"
    env.check()


def test_everything_that_is_wrong_is_said_at_once():
    env = Environment({"N": "ten", "B": "perhaps", "C": "three", "H": "*", "O": "fines.example", "Z": "Mars/Base"})
    env.text("A")
    env.integer("N", 1, least=1, most=9)
    env.boolean("B", default=False)
    env.choice("C", "one", of=("one", "two"))
    env.hosts("H")
    env.origin("O")
    env.time_zone("Z", "UTC")
    said = refusal(env)
    assert len(said.splitlines()) == 8
    for name in ("A is not set", "N='ten'", "B='perhaps'", "C='three'", "H: '*'", "O='fines.example'", "Z='Mars/Base'"):
        assert name in said


@pytest.mark.parametrize("value", ["0", "10", "-1", "1.5", "٣", "9" * 30])
def test_a_number_outside_of_its_limits_is_refused(value):
    env = Environment({"N": value})
    env.integer("N", 1, least=1, most=9)
    assert "from 1 to 9" in refusal(env)


@pytest.mark.parametrize(
    "value", ["https://", "ftp://a.example", "https://a.example/path", "https://a.example?x=1", "//a.example"]
)
def test_an_address_that_is_no_origin_is_refused(value):
    env = Environment({"O": value})
    env.origin("O")
    assert "https://fines.example" in refusal(env)


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path):
    (tmp_path / "good").write_text("s" * 40 + "\n")
    (tmp_path / "short").write_text("hunter2")
    env = Environment({})
    assert env.secret(tmp_path / "good", least=32) == "s" * 40
    env.check()
    env.secret(tmp_path / "short", least=32)
    env.secret(tmp_path / "none")
    said = refusal(env)
    assert "7 characters" in said and "cannot be read" in said
    assert "hunter2" not in said
