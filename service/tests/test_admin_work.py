"""What the office does all day: looks at a person's fines, has them as a file, sees who changed what."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone
from infracciones import tokens
from infracciones.admin.export import harmless
from infracciones.models import Evidencia, Infraccion, Oficial, Persona, Vehiculo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files", "quick_passwords")]


def text(answer):
    return answer.content.decode()


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


@pytest.mark.parametrize("between", [";", ",", "\t", "\n", ", ", ";\n"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x"])
def test_a_formula_becomes_text_where_a_spreadsheet_takes_another_character_for_the_separator(between, formula):
    cells = next(csv.reader([f'"1";"{harmless(f"x{between}{formula}{between}y")}"'.replace("\n", ",")]))
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]
    assert harmless("80 km/h, 20 más; sin casco") == "80 km/h, 20 más; sin casco"


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


def test_demo_data_is_in_the_history_and_leaves_other_officers_fines_alone(admin, officer):
    call_command("demo", personas=3, infracciones=5)
    assert LogEntry.objects.filter(change_message__contains="4 vehículos y 5 infracciones").count() == 3 + 6
    vehicle = Vehiculo.objects.filter(persona__correo__endswith="@demo.example").first()
    fine = Infraccion.objects.create(
        vehiculo=vehicle, oficial=officer, timestamp=timezone.now(), comentarios="de verdad"
    )
    for words in ({"borrar": True}, {"personas": 3, "infracciones": 5}):
        with pytest.raises(CommandError, match=f"1 fines of demo vehicles .{vehicle.placa_patente}."):
            call_command("demo", **words)
    assert Infraccion.objects.filter(pk=fine.pk).exists() and Infraccion.objects.count() == 6
    fine.delete()
    call_command("demo", borrar=True)
    assert (
        LogEntry.objects.filter(action_flag=DELETION, change_message__contains="datos de demostración").count() == 3 + 6
    )


def test_a_change_of_ones_own_password_is_in_the_history_and_one_that_fails_is_not(admin):
    words = {"old_password": "wrong", "new_password1": "otra-clave-larga", "new_password2": "otra-clave-larga"}
    assert admin.post("/admin/password_change/", words).status_code == 200
    assert not LogEntry.objects.exists()
    words["old_password"] = "una-clave-larga"
    assert admin.post("/admin/password_change/", words).status_code == 302
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.action_flag, str(entry.object_repr)) == ("jefa", CHANGE, "jefa")
    assert "Modific" in entry.get_change_message()


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


@pytest.mark.parametrize("selected", [False, True])
def test_what_goes_along_with_what_is_deleted_is_in_the_history_too(admin, fine, media, selected):
    Evidencia.objects.create(infraccion=fine, archivo="x.jpg", tipo="image/jpeg", bytes=1, resumen=b"x" * 32)
    other = Oficial.objects.create(numero="0099", nombre="Otra")
    tokens.issue(other)
    for model, gone in (("infraccion", fine), ("oficial", other)):
        if selected:
            words = {"action": "delete_selected", "_selected_action": [gone.pk], "post": "yes"}
            answer = admin.post(f"/admin/infracciones/{model}/", words)
        else:
            answer = admin.post(f"/admin/infracciones/{model}/{gone.pk}/delete/", {"post": "yes"})
        assert answer.status_code == 302, answer.content
    told = LogEntry.objects.filter(action_flag=DELETION).values_list("content_type__model", "object_repr")
    assert sorted(kind for kind, _ in told) == ["evidencia", "infraccion", "oficial", "token"]
    assert dict(told)["evidencia"] == "x.jpg" and dict(told)["token"].startswith("0099")
