"""What the office does all day: finds fines, looks at a person's, has them as a file, and sees who changed what."""

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from infracciones.admin import paging
from infracciones.admin.dates import dates_in
from infracciones.admin.export import harmless
from infracciones.models import Carga, Infraccion, Oficial, Persona, Vehiculo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files")]


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody guesses at it here


@pytest.fixture
def chief():
    return get_user_model().objects.create_superuser("jefa", password="una-clave-larga")


@pytest.fixture
def admin(client, chief):
    client.force_login(chief)
    return client


@pytest.fixture
def fines(officer, owner):
    vehicle = owner.vehiculos.get()
    moments = ["2026-03-04T23:30:00-03:00", "2026-03-05T00:30:00-03:00", "2026-04-01T12:00:00-03:00"]
    return [
        Infraccion.objects.create(vehiculo=vehicle, oficial=officer, timestamp=moment, comentarios=f"n{number}")
        for number, moment in enumerate(moments)
    ]


def text(answer):
    return answer.content.decode()


def found(admin, words, **more):
    page = admin.get("/admin/infracciones/infraccion/", {"q": words, **more})
    assert page.status_code == 200
    return sorted(fine.comentarios for fine in page.context["cl"].queryset)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("AB123CD", ["n0", "n1", "n2"]),
        ("peña", ["n0", "n1", "n2"]),
        ("A-0042", ["n0", "n1", "n2"]),
        ("2026-03-04", ["n0"]),
        ("5/3/2026 AB123CD", ["n1"]),
        ("2026-03-04 NADIE", []),
        ("2026-02-30", []),
        ("n2", ["n2"]),
    ],
)
def test_fines_are_found_by_plate_person_officer_and_date(admin, fines, words, expected):
    assert found(admin, words) == expected


def test_dates_are_read_as_they_are_written_here():
    assert dates_in("AB 4/3/2026 x 2026-12-31 31/2/2026") == (
        [datetime(2026, 3, 4).date(), datetime(2026, 12, 31).date()],
        "AB x 31/2/2026",
    )


def test_fines_are_filtered_by_their_photo(admin, fines):
    assert found(admin, "", foto="no") == ["n0", "n1", "n2"]
    assert found(admin, "", foto="si") == []


def test_a_person_is_shown_with_the_newest_fines_and_a_link_to_all(admin, fines, owner):
    page = text(admin.get(f"/admin/infracciones/persona/{owner.pk}/change/"))
    # within the person's own field: a form's random token has any two letters
    listed = page[page.index("field-their_fines") :]
    assert re.findall(r"\bn\d\b", listed)[:3] == ["n2", "n1", "n0"]
    address = f"/admin/infracciones/infraccion/?vehiculo__persona__id__exact={owner.pk}"
    assert address in page
    other = Persona.objects.create(nombre="Otra", correo="otra@ejemplo.com")
    vehicle = Vehiculo.objects.create(placa_patente="ZZ999ZZ", marca="x", color="y", persona=other)
    Infraccion.objects.create(vehiculo=vehicle, oficial=fines[0].oficial, timestamp=timezone.now(), comentarios="otra")
    listed = admin.get(address)
    assert listed.status_code == 200
    assert sorted(fine.comentarios for fine in listed.context["cl"].queryset) == ["n0", "n1", "n2"]


def test_the_fines_of_an_upload_are_found_from_it(admin, fines, officer):
    upload = Carga.objects.create(
        oficial=officer, resumen=b"\x01" * 32, bytes=9, formato="x", recibidas=1, nuevas=1, repetidas=0, rechazadas=0
    )
    Infraccion.objects.filter(pk=fines[1].pk).update(carga=upload)
    page = text(admin.get("/admin/infracciones/carga/"))
    address = f"/admin/infracciones/infraccion/?carga__id__exact={upload.pk}"
    assert address in page
    assert [fine.comentarios for fine in admin.get(address).context["cl"].queryset] == ["n1"]
    assert "01" * 32 in text(admin.get(f"/admin/infracciones/carga/{upload.pk}/change/"))
    assert admin.post(f"/admin/infracciones/carga/{upload.pk}/delete/", {"post": "yes"}).status_code == 403


def exported(admin, model, pks):
    answer = admin.post(f"/admin/infracciones/{model}/", {"action": "export_csv", "_selected_action": pks})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:], newline=""), delimiter=";"))


def test_fines_are_had_as_a_file_and_no_cell_is_a_formula(admin, fines, owner):
    Infraccion.objects.filter(pk=fines[0].pk).update(comentarios='=HYPERLINK("http://evil.example")')
    Persona.objects.filter(pk=owner.pk).update(nombre="@SUM(A1)")
    heading, *rows = exported(admin, "infraccion", [fine.pk for fine in fines[:2]])
    assert heading[:3] == ["id", "placa patente", "fecha y hora"]
    assert len(rows) == 2
    by_id = {row[0]: row for row in rows}
    row = by_id[str(fines[0].pk)]
    assert row[2] == "2026-03-04T23:30:00-03:00"
    assert row[3] == "'@SUM(A1)"
    assert row[-1] == '\'=HYPERLINK("http://evil.example")'


@pytest.mark.parametrize("model", ["persona", "vehiculo", "oficial"])
def test_the_other_lists_are_had_as_files_too(admin, owner, officer, model):
    pk = {"persona": owner.pk, "vehiculo": owner.vehiculos.get().pk, "oficial": officer.pk}[model]
    _heading, row = exported(admin, model, [pk])
    assert ("A-0042" if model == "oficial" else "Jose.Pena@Ejemplo.com") in row


def test_a_file_takes_a_few_queries_however_long_it_is(admin, fines, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        exported(admin, "infraccion", [fine.pk for fine in fines])


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "|x", "%x"])
def test_a_formula_becomes_text(text):
    assert harmless(text) == f"'{text}"


def test_every_change_is_in_the_history(admin, chief, owner, officer):
    vehicle = owner.vehiculos.get()
    form = {"placa_patente": "AB123CD", "marca": "Fiat", "color": "azul", "persona": owner.pk}
    admin.post(f"/admin/infracciones/vehiculo/{vehicle.pk}/change/", form)
    admin.post("/admin/infracciones/token/add/", {"oficial": officer.pk})
    admin.post(f"/admin/infracciones/vehiculo/{vehicle.pk}/delete/", {"post": "yes"})
    kinds = list(LogEntry.objects.order_by("action_time").values_list("action_flag", flat=True))
    assert kinds == [2, 1, 3]
    page = text(admin.get("/admin/admin/logentry/"))
    assert "Modificado" in page and "AB123CD" in page
    entry = LogEntry.objects.first()
    assert admin.post(f"/admin/admin/logentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.get(f"/admin/admin/logentry/{entry.pk}/change/").status_code == 200


def wrong(client, name, address):
    form = {"username": name, "password": "equivocada"}
    return client.post("/admin/login/", form, headers={"X-Forwarded-For": f"203.0.113.200, {address}"})


def test_ten_wrong_passwords_close_the_door_from_that_address_alone(client, chief, settings):
    for _ in range(9):
        assert wrong(client, "jefa", "198.51.100.7").status_code == 200
    closed = wrong(client, "jefa", "198.51.100.7")
    assert closed.status_code == 429
    assert "Demasiadas contraseñas equivocadas" in text(closed)
    right = {"username": "jefa", "password": "una-clave-larga"}
    assert client.post("/admin/login/", right, headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 429
    assert client.post("/admin/login/", right, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 302


def test_demo_data_is_marked_made_once_and_taken_away(admin, owner, fines):
    call_command("demo", personas=12, infracciones=50)
    call_command("demo", personas=12, infracciones=50)
    made = Persona.objects.exclude(pk=owner.pk)
    assert made.count() == 12
    assert all(person.nombre.endswith("(demo)") and person.correo.endswith("@demo.example") for person in made)
    assert Oficial.objects.filter(numero__startswith="DEMO-").count() == 6
    assert Infraccion.objects.count() == 50 + len(fines)
    assert (
        Infraccion.objects.filter(
            timestamp__gt=timezone.now() - timedelta(days=61), comentarios__endswith="(demo)"
        ).count()
        == 50
    )
    call_command("demo", borrar=True)
    assert Persona.objects.get() == owner
    assert Infraccion.objects.count() == len(fines)
    assert not Oficial.objects.filter(numero__startswith="DEMO-").exists()
    with pytest.raises(SystemExit):
        call_command("demo", personas=0)


def test_the_list_of_fines_fits_a_screen_and_an_officer_leads_to_the_officers_own(admin, load, officer):
    load(comentarios="x" * 2000, timestamp="2026-03-04T14:05:00-03:00")
    other = Oficial.objects.create(numero="7", nombre="Otro")
    page = text(admin.get("/admin/infracciones/infraccion/"))
    assert "x" * 59 + "…" in page and "x" * 60 not in page
    assert "04/03/2026 14:05" in page
    for whose, count in ((officer, 1), (other, 0)):
        link = f"/admin/infracciones/infraccion/?oficial__id__exact={whose.pk}"
        assert link in text(admin.get("/admin/infracciones/oficial/"))
        assert len(admin.get(link).context["cl"].result_list) == count


def test_a_list_counts_no_further_than_it_pages(admin, load, monkeypatch):
    for number in range(7):
        load(comentarios=f"infracción {number}")
    monkeypatch.setattr(paging, "MOST", 5)
    with CaptureQueriesContext(connection) as asked:
        page = admin.get("/admin/infracciones/infraccion/").context["cl"]
    assert page.result_count == 5
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"] and "infracciones_infraccion" in query["sql"]]
    assert counts and all("LIMIT 5" in sql for sql in counts), counts


def test_a_person_with_hundreds_of_vehicles_is_shown_with_some_of_them_and_can_be_saved(admin, owner):
    Vehiculo.objects.bulk_create(
        Vehiculo(placa_patente=f"FL{n:04d}", marca="x", color="y", persona=owner) for n in range(300)
    )
    Vehiculo.objects.create(
        placa_patente="ZZ1", marca="x", color="y", persona=Persona.objects.create(nombre="Otra", correo="o@x.example")
    )
    address = f"/admin/infracciones/persona/{owner.pk}/change/"
    page = text(admin.get(address))
    assert "AB123CD" in page and page.count(">FL0") == 19 and ">ZZ1" not in page
    listed = f"/admin/infracciones/vehiculo/?persona__id__exact={owner.pk}"
    assert listed in page and f"/admin/infracciones/vehiculo/add/?persona={owner.pk}" in page
    assert admin.get(listed).context["cl"].result_count == 301
    names = re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page)
    assert len(names) < 20, names
    assert admin.post(address, {"nombre": "Nuevo", "correo": owner.correo}).status_code == 302
    owner.refresh_from_db()
    assert owner.nombre == "Nuevo"


def test_of_all_rows_nothing_is_changed_where_there_are_more_than_the_list_says(admin, fines, monkeypatch):
    everything = {"select_across": "1", "_selected_action": [fines[0].pk]}
    monkeypatch.setattr(paging, "MOST", 2)
    answer = admin.post(
        "/admin/infracciones/infraccion/", {"action": "delete_selected", "post": "yes", **everything}, follow=True
    )
    assert "Hay más que las 2 que la lista cuenta" in text(answer)
    assert Infraccion.objects.count() == 3
    read = admin.post("/admin/infracciones/infraccion/", {"action": "export_csv", **everything})
    assert len(b"".join(read.streaming_content).splitlines()) == 4
    monkeypatch.setattr(paging, "MOST", 3)
    admin.post("/admin/infracciones/infraccion/", {"action": "delete_selected", "post": "yes", **everything})
    assert not Infraccion.objects.exists()


@pytest.mark.parametrize("model", ["vehiculo", "oficial", "persona"])
@pytest.mark.parametrize("selected", [False, True])
def test_a_delete_that_hundreds_forbid_says_how_many_and_names_none(admin, owner, officer, model, selected):
    vehicle = owner.vehiculos.get()
    Infraccion.objects.bulk_create(
        Infraccion(vehiculo=vehicle, oficial=officer, timestamp="2026-03-04T10:20:30Z") for _ in range(201)
    )
    Vehiculo.objects.bulk_create(
        Vehiculo(placa_patente=f"FL{n:04d}", marca="x", color="y", persona=owner) for n in range(200)
    )
    pk = {"vehiculo": vehicle.pk, "oficial": officer.pk, "persona": owner.pk}[model]
    address = f"/admin/infracciones/{model}/" if selected else f"/admin/infracciones/{model}/{pk}/delete/"
    answer = admin.post(address, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    page = text(answer)
    assert f"más de 200 {'vehículos' if model == 'persona' else 'infracciones'}" in page
    assert len(page) < 30_000, len(page)
    assert Infraccion.objects.filter(vehiculo__persona=owner, oficial=officer).count() == 201


def asked_of_fines(admin, words):
    """What the list asks the table of fines when it is searched."""
    with CaptureQueriesContext(connection) as asked:
        assert admin.get("/admin/infracciones/infraccion/", {"q": words}).status_code == 200
    return [query["sql"] for query in asked if 'FROM "infracciones_infraccion"' in query["sql"]]


def test_a_list_of_fines_asks_for_its_page_and_its_count_alone(admin, fines):
    asked = asked_of_fines(admin, "")
    assert len(asked) == 2 and not any("DATE_TRUNC" in sql for sql in asked), asked


def test_a_word_is_looked_for_among_vehicles_and_officers_and_not_in_each_fines_own(admin, fines):
    count, page = sorted(asked_of_fines(admin, "peña"), key=len)
    for sql in (count, page):
        assert '"vehiculo_id" IN (SELECT' in sql and '"oficial_id" IN (SELECT' in sql, sql
    assert "JOIN" not in count.partition("WHERE")[0], count


def test_a_whole_plate_is_found_by_its_index_whatever_the_comments_say(admin, fines):
    assert all('"comentarios"::text' not in sql for sql in asked_of_fines(admin, "ab-123-cd 2026-03-04")), "a scan"
    assert found(admin, "ab-123-cd") == ["n0", "n1", "n2"]
    assert found(admin, "ab-123-cd n1") == ["n1"]


def test_words_in_quotes_are_one(admin, fines):
    Infraccion.objects.filter(pk=fines[0].pk).update(comentarios="Luz roja")
    assert found(admin, '"luz roja"') == ["Luz roja"]
    assert found(admin, '"roja luz"') == []
    assert found(admin, "roja luz") == ["Luz roja"]
    assert found(admin, '"') == []


@pytest.mark.parametrize(("word", "count"), [("ab-123", 1), ("AB.123-CD", 1), ("AB 123", 1), ("ab-124", 0), ("—", 0)])
@pytest.mark.parametrize("model", ["infraccion", "vehiculo", "persona"])
def test_a_plate_is_found_in_any_spelling(admin, load, model, word, count):
    load(placa_patente="AB123CD")
    assert admin.get(f"/admin/infracciones/{model}/", {"q": word}).context["cl"].result_count == count


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
