"""What operators run: officers, tokens, administrators."""

import io
from datetime import timedelta

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone
from infracciones.models import Oficial, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def stdin(monkeypatch):
    def give(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return give


def test_an_officer_is_made_and_renamed_and_never_doubled():
    call_command("crear_oficial", "0042", "Inés")
    call_command("crear_oficial", "0042", "Inés Núñez")
    officer = Oficial.objects.get()
    assert (officer.numero, officer.nombre) == ("0042", "Inés Núñez")


def test_a_token_alone_is_on_standard_output_and_works(load, officer, capsys):
    call_command("crear_token", officer.numero)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and len(out.strip()) >= 43
    assert load(token=out.strip()).status_code == 200


def test_the_days_of_a_token_are_a_setting(officer, settings):
    settings.TOKEN_DAYS = 7
    Token.objects.all().delete()
    call_command("crear_token", officer.numero)
    assert timedelta(days=6, hours=23) < Token.objects.get().vence - timezone.now() <= timedelta(days=7)


def test_an_officers_tokens_are_revoked_and_nobody_elses(load, officer, capsys):
    other = Oficial.objects.create(numero="7", nombre="Otro")
    call_command("crear_token", "7")
    kept = capsys.readouterr().out.strip()
    call_command("revocar_token", officer.numero)
    assert load().status_code == 401
    assert load(token=kept).status_code == 200
    assert other.tokens.get().revocado is None


@pytest.mark.parametrize("command", ["crear_token", "revocar_token"])
def test_an_officer_that_there_is_not_is_said_to_be_missing(command):
    with pytest.raises(CommandError, match="no officer 99"):
        call_command(command, "99")


def test_an_administrator_is_made_with_the_password_of_standard_input_and_given_a_new_one(stdin, client):
    for password in ("primera clave larga", "segunda clave larga"):
        stdin(f"{password}\n")
        call_command("crear_administrador", "jefa")
        form = {"username": "jefa", "password": password}
        assert client.post("/admin/login/", form).status_code == 302
    user = get_user_model().objects.get(username="jefa")
    assert user.is_staff and user.is_superuser and user.is_active


def test_a_short_password_is_refused_and_makes_nobody(stdin):
    stdin("corta\n")
    with pytest.raises(CommandError, match="12"):
        call_command("crear_administrador", "jefa")
    assert not get_user_model().objects.exists()


def test_what_operators_do_is_in_the_history_of_the_office(officer, stdin):
    call_command("crear_oficial", "0042", "Inés")
    call_command("crear_oficial", "0042", "Inés Núñez")
    call_command("crear_token", "0042")
    call_command("revocar_token", "0042")
    stdin("una-clave-larga\n")
    call_command("crear_administrador", "jefa")
    entries = LogEntry.objects.order_by("pk")
    assert [(entry.content_type.model, entry.action_flag) for entry in entries] == [
        ("oficial", ADDITION),
        ("oficial", CHANGE),
        ("token", ADDITION),
        ("token", CHANGE),
        ("user", ADDITION),
    ]
    assert {entry.user.username for entry in entries} == {"manage.py"}
    operator = get_user_model().objects.get(username="manage.py")
    assert not operator.is_active and not operator.has_usable_password() and not operator.is_staff
