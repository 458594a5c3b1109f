"""What somebody made up, at the desk's addresses and in its forms: a page that says so, and never a server error."""

import pytest
from axes.models import AccessAttempt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files", "quick_passwords")]


def text(answer):
    return answer.content.decode()


@pytest.mark.parametrize("page", ["infraccion/?q=31/12/9999", "infraccion/?q=9999-12-31", "token/add/?oficial=abc"])
def test_an_address_that_somebody_made_up_is_no_error(admin, page):
    assert admin.get(f"/admin/infracciones/{page}").status_code == 200


@pytest.mark.parametrize("given", ["x", "-1", "9" * 30, "\u0663"])
def test_a_form_is_filled_only_with_what_can_be_a_reference(admin, given):
    for page in (
        "infraccion/add/?vehiculo=",
        "infraccion/add/?oficial=",
        "vehiculo/add/?persona=",
        "token/add/?oficial=",
    ):
        assert admin.get(f"/admin/infracciones/{page}{given}").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "page",
    [
        "infracciones/infraccion/?timestamp__year=9999",
        "infracciones/carga/?recibida__year=9999",
        "infracciones/infraccion/?timestamp__gte=9999-12-31 23:59:59-23:00",
        "infracciones/vehiculo/?marca=%00",
        "infracciones/infraccion/add/?timestamp=%00",
        "autocomplete/?app_label=infracciones&model_name=infraccion&field_name=vehiculo&term=%00",
    ],
)
def test_a_value_that_has_no_meaning_gets_a_page_that_says_so(admin, fines, page):
    admin.raise_request_exception = False
    answer = admin.get(f"/admin/{page}")
    assert answer.status_code in {200, 400}, text(answer)[:300]
    assert answer.status_code == 200 or "Esta dirección no se entiende" in text(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["", "login/", "?a=b", "infracciones/infraccion/"])
@pytest.mark.parametrize("key", [r'"\000aaaaaaaa"', "x" * 5_000, '"ñandúñandú"', "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_cookie_that_somebody_made_up_is_nobodys_session(client, page, key):
    client.raise_request_exception = False
    answer = client.get(f"/admin/{page}", headers={"Cookie": f"sessionid={key}"})
    assert answer.status_code in {200, 302}, text(answer)[:300]


def test_a_fault_of_our_own_stays_a_server_error(admin, monkeypatch):
    def fails(*args):
        raise ValueError("unforeseen")

    admin.raise_request_exception = False
    monkeypatch.setattr("infracciones.admin.people.OficialAdmin.get_queryset", fails)
    assert admin.get("/admin/infracciones/oficial/").status_code == 500


def test_a_selection_of_what_is_no_row_is_400(admin, fines):
    admin.raise_request_exception = False
    words = {"action": "delete_selected", "_selected_action": ["x"]}
    answer = admin.post("/admin/infracciones/infraccion/", words)
    assert answer.status_code == 400, text(answer)[:300]


@pytest.mark.parametrize("name", ["x" * 151, "x" * 256, "x" * 60_000])
def test_a_name_that_is_longer_than_any_is_refused_and_not_counted(client, chief, name):
    client.raise_request_exception = False
    answer = client.post("/admin/login/", {"username": name, "password": "una-clave-larga"})
    assert answer.status_code == 200, text(answer)[:300]
    assert "150" in str(answer.context["form"].errors["username"]), answer.context["form"].errors
    assert not AccessAttempt.objects.exists()


def test_no_page_leads_to_a_site_that_is_not_there(admin):
    assert "Ver el sitio" not in text(admin.get("/admin/"))


def test_the_desk_is_found_without_its_last_slash(admin):
    answer = admin.get("/admin")
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/admin/")
