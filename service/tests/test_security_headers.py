"""Every answer says to browsers what they may do with it, and the policy lets the pages work."""

import re

import pytest
from django.contrib.staticfiles import finders

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files")]


@pytest.mark.parametrize(
    "path", ["/docs", "/admin/login/", "/token", "/nowhere", "/generar_informe", "/healthz", "/openapi.json"]
)
def test_an_answer_is_framed_sniffed_and_scripted_by_nobody(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/docs", "/admin/login/"])
def test_pages_have_no_script_of_their_own_and_name_files_that_are_there(client, path):
    page = client.get(path).content.decode()
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S):
        source = re.search(r'src="/static/([^"]+)"', attributes)
        assert source, f"an inline script: {content[:80]}"
        assert finders.find(source[1])
    assert not re.search(r'\son\w+="', page)


def test_a_form_of_the_admin_without_its_token_is_refused(client, django_user_model):
    from django.test import Client

    django_user_model.objects.create_superuser("jefa", password="una-clave-larga")
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/admin/login/", {"username": "jefa", "password": "una-clave-larga"}, secure=True)
    assert answer.status_code == 403
    assert "Este formulario ya no sirve" in answer.content.decode()


@pytest.mark.parametrize("path", ["/token", "/healthz", "/readyz", "/docs", "/openapi.json/", "/cargar_infraccion"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_method_that_a_call_does_not_take_is_refused_as_such_and_for_no_cookie(path, method):
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).generic(method, path, secure=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/json"), answer.content[:200]
    assert answer.json()["mensaje"] and method not in answer.headers["Allow"]


def test_a_post_to_an_address_that_does_not_exist_is_404_in_json():
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post("/nada", secure=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


def test_cookies_are_for_https_and_no_script(client, django_user_model):
    django_user_model.objects.create_superuser("jefa", password="una-clave-larga")
    client.post("/admin/login/", {"username": "jefa", "password": "una-clave-larga"})
    cookie = client.cookies["sessionid"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
