"""The admin: Spanish labels, referential integrity with a reason, tokens shown once."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone
from infracciones.models import Infraccion, Oficial, Persona, Token, Vehiculo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files")]

# What a form sends along where it has no rows of another model.
NO_INLINES = {f"tokens-{what}_FORMS": 0 for what in ("TOTAL", "INITIAL")}


@pytest.fixture
def admin(client, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody guesses at it here
    client.force_login(get_user_model().objects.create_superuser("jefa"))
    return client


@pytest.fixture
def fine(officer, owner):
    return Infraccion.objects.create(
        vehiculo=owner.vehiculos.get(), oficial=officer, timestamp=timezone.now(), clave="k"
    )


def text(answer):
    return answer.content.decode()


def test_nobody_gets_in_without_a_login(client):
    answer = client.get("/admin/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer.headers["Location"]


def test_the_labels_are_spanish(admin):
    index = text(admin.get("/admin/"))
    for label in ("Infracciones de tránsito", "Personas", "Vehículos", "Oficiales", "Infracciones", "Tokens"):
        assert label in index
    form = text(admin.get("/admin/infracciones/vehiculo/add/"))
    for label in ("Placa patente", "Marca", "Color", "Persona"):
        assert label in form


@pytest.mark.parametrize("model", ["persona", "vehiculo", "oficial", "infraccion", "token"])
def test_each_list_can_be_searched_and_each_object_looked_at(admin, fine, model):
    assert admin.get(f"/admin/infracciones/{model}/", {"q": "AB123CD Pena"}).status_code == 200
    found = {"persona": Persona, "vehiculo": Vehiculo, "oficial": Oficial, "infraccion": Infraccion, "token": Token}[
        model
    ]
    page = admin.get(f"/admin/infracciones/{model}/{found.objects.first().pk}/change/")
    assert page.status_code == 200


def test_a_person_a_vehicle_an_officer_and_a_fine_are_made_changed_and_deleted(admin):
    admin.post("/admin/infracciones/persona/add/", {"nombre": "Ana", "correo": "ana@ejemplo.com", **NO_INLINES})
    person = Persona.objects.get()
    vehicle = {"placa_patente": "ab 123-cd", "marca": "Fiat", "color": "rojo", "persona": person.pk}
    admin.post("/admin/infracciones/vehiculo/add/", vehicle)
    made = Vehiculo.objects.get()
    assert made.placa_patente == "AB123CD"
    admin.post(f"/admin/infracciones/vehiculo/{made.pk}/change/", vehicle | {"color": "azul"})
    assert Vehiculo.objects.get().color == "azul"
    admin.post("/admin/infracciones/oficial/add/", {"nombre": "Inés", "numero": "42", **NO_INLINES})
    officer = Oficial.objects.get()
    moment = {"timestamp_0": "2026-03-04", "timestamp_1": "10:20:30"}
    admin.post(
        "/admin/infracciones/infraccion/add/", {"vehiculo": made.pk, "oficial": officer.pk, "comentarios": "", **moment}
    )
    fine = Infraccion.objects.get()
    assert timezone.localtime(fine.timestamp).isoformat() == "2026-03-04T10:20:30-03:00"
    for name, pk in (("infraccion", fine.pk), ("vehiculo", made.pk), ("persona", person.pk), ("oficial", officer.pk)):
        admin.post(f"/admin/infracciones/{name}/{pk}/delete/", {"post": "yes"})
    assert not (
        Infraccion.objects.exists() or Vehiculo.objects.exists() or Persona.objects.exists() or Oficial.objects.exists()
    )


@pytest.mark.parametrize(
    ("model", "fields", "complaint"),
    [
        ("persona", {"nombre": "X", "correo": "JOSE.PENA@ejemplo.COM", **NO_INLINES}, "Ya existe una persona con ese correo."),
        ("vehiculo", {"placa_patente": "a-b-1-2-3-c-d", "marca": "x", "color": "x"}, "Ya existe"),
        ("vehiculo", {"placa_patente": "---", "marca": "x", "color": "x"}, "La placa lleva de 1 a 20 letras y números."),
        ("oficial", {"nombre": "X", "numero": "A-0042", **NO_INLINES}, "Ya existe"),
        ("infraccion", {"timestamp_0": "2999-01-01", "timestamp_1": "00:00"}, "en el futuro"),
        ("infraccion", {"timestamp_0": "1999-01-01", "timestamp_1": "00:00"}, "anterior al año 2000"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_reason(admin, officer, owner, model, fields, complaint):
    answer = admin.post(f"/admin/infracciones/{model}/add/", fields)
    assert answer.status_code == 200
    assert complaint in text(answer)


@pytest.mark.parametrize(
    ("model", "what"), [("persona", "vehículo"), ("vehiculo", "infracción"), ("oficial", "infracción")]
)
def test_deleting_what_is_referred_to_is_refused_and_shows_what_refers_to_it(admin, fine, model, what):
    pk = {"persona": fine.vehiculo.persona_id, "vehiculo": fine.vehiculo_id, "oficial": fine.oficial_id}[model]
    for address, fields in (
        (f"/admin/infracciones/{model}/{pk}/delete/", {"post": "yes"}),
        (f"/admin/infracciones/{model}/", {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}),
    ):
        answer = admin.post(address, fields)
        assert answer.status_code == 200
        assert "protegid" in text(answer)
        assert what in text(answer).lower()
    assert Infraccion.objects.filter(pk=fine.pk, vehiculo__persona__isnull=False).exists()


def test_a_reference_that_comes_while_the_page_is_open_is_said_and_is_no_500(admin, owner, monkeypatch):
    def refused(*args):
        raise IntegrityError("violates foreign key constraint")

    monkeypatch.setattr("django.db.models.Model.delete", refused)
    monkeypatch.setattr("django.db.models.query.QuerySet.delete", refused)
    pk = owner.vehiculos.get().pk
    for address, fields in (
        (f"/admin/infracciones/vehiculo/{pk}/delete/", {"post": "yes"}),
        ("/admin/infracciones/vehiculo/", {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}),
    ):
        answer = admin.post(address, fields, follow=True)
        assert answer.status_code == 200
        assert "No se eliminó nada" in text(answer)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("may", "shows"),
    [
        ((), (False, False)),
        (("view_vehiculo",), (True, False)),
        (("view_infraccion",), (False, True)),
    ],
)
def test_beside_a_person_stands_what_one_may_look_at_in_its_own_list(client, owner, fine, may, shows):
    user = get_user_model().objects.create_user("pasante", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_persona", *may)))
    client.force_login(user)
    page = text(client.get(f"/admin/infracciones/persona/{owner.pk}/change/"))
    assert owner.nombre in page
    vehicle = reverse("admin:infracciones_vehiculo_change", args=[fine.vehiculo_id])
    its_own = reverse("admin:infracciones_infraccion_change", args=[fine.pk])
    assert (vehicle in page, its_own in page) == shows


def test_the_officer_of_a_fine_from_a_device_stays_and_the_form_says_why(admin, load, officer):
    load(key="k")
    fine, other = Infraccion.objects.get(), Oficial.objects.create(numero="2", nombre="Otro")
    address = f"/admin/infracciones/infraccion/{fine.pk}/change/"
    assert "el dispositivo del oficial puede enviar la infracción otra vez" in text(admin.get(address))
    moment = {"timestamp_0": "2026-03-04", "timestamp_1": "10:20:30"}
    form = {"vehiculo": fine.vehiculo_id, "oficial": other.pk, "comentarios": "corregido", **moment}
    assert admin.post(address, form).status_code == 302
    fine.refresh_from_db()
    assert (fine.oficial, fine.comentarios) == (officer, "corregido")
    assert load(key="k").headers["Idempotent-Replayed"] == "true"
    assert Infraccion.objects.count() == 1


def test_the_officer_of_a_fine_that_the_office_made_can_be_corrected(admin, fine):
    Infraccion.objects.filter(pk=fine.pk).update(clave=None)
    other = Oficial.objects.create(numero="2", nombre="Otro")
    moment = {"timestamp_0": "2026-03-04", "timestamp_1": "10:20:30"}
    form = {"vehiculo": fine.vehiculo_id, "oficial": other.pk, "comentarios": "", **moment}
    admin.post(f"/admin/infracciones/infraccion/{fine.pk}/change/", form)
    fine.refresh_from_db()
    assert fine.oficial == other


@pytest.mark.parametrize("model", ["persona", "vehiculo", "oficial", "infraccion", "token"])
def test_what_the_database_refuses_to_save_is_said_and_is_no_500(admin, officer, owner, monkeypatch, model):
    def refused(*args):
        raise IntegrityError("violates foreign key constraint")

    monkeypatch.setattr("django.contrib.admin.ModelAdmin.save_model", refused)
    forms = {
        "persona": {"nombre": "Ana", "correo": "ana@ejemplo.com", **NO_INLINES},
        "vehiculo": {"placa_patente": "ZZ1", "marca": "x", "color": "y", "persona": owner.pk},
        "oficial": {"nombre": "Otro", "numero": "2", **NO_INLINES},
        "infraccion": {
            "vehiculo": owner.vehiculos.get().pk,
            "oficial": officer.pk,
            "comentarios": "",
            "timestamp_0": "2026-03-04",
            "timestamp_1": "10:20:30",
        },
        "token": {"oficial": officer.pk},
    }
    answer = admin.post(f"/admin/infracciones/{model}/add/", forms[model], follow=True)
    assert answer.status_code == 200
    assert "No se guardó nada" in text(answer)


def test_an_officer_without_fines_goes_with_the_tokens(admin, officer):
    admin.post(f"/admin/infracciones/oficial/{officer.pk}/delete/", {"post": "yes"})
    assert not Oficial.objects.exists() and not Token.objects.exists()


def test_a_token_is_shown_once_works_and_is_kept_as_a_digest(admin, officer, owner, client):
    Token.objects.all().delete()
    answer = admin.post(reverse("admin:infracciones_token_add"), {"oficial": officer.pk})
    token = Token.objects.get()
    secret = answer.context["secret"]
    assert answer.status_code == 200 and secret in text(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(secret) >= 43
    assert bytes(token.resumen) != secret.encode() and len(token.resumen) == 32
    assert timedelta(days=89) < token.vence - timezone.now() <= timedelta(days=90)
    for page in ("/admin/infracciones/token/", f"/admin/infracciones/oficial/{officer.pk}/change/", "/admin/"):
        assert secret not in text(admin.get(page))
    fine = '{"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": ""}'
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.post("/cargar_infraccion", fine, content_type="application/json", headers=headers).status_code == 200


def test_tokens_are_revoked_from_their_list(admin, load, officer):
    pks = list(Token.objects.values_list("pk", flat=True))
    answer = admin.post("/admin/infracciones/token/", {"action": "revoke", "_selected_action": pks}, follow=True)
    assert "Se revocó 1 token." in text(answer)
    assert load().status_code == 401
    [entry] = LogEntry.objects.filter(object_id__in=map(str, pks))
    assert (entry.action_flag, entry.user.username) == (CHANGE, "jefa")
    revoked = Token.objects.get().revocado
    admin.post("/admin/infracciones/token/", {"action": "revoke", "_selected_action": pks})
    assert Token.objects.get().revocado == revoked


@pytest.mark.parametrize("value", ["x", "9" * 40, "-1", "\u0663", ""])
@pytest.mark.parametrize(
    ("form", "references"),
    [("infraccion", ("vehiculo", "oficial")), ("vehiculo", ("persona",)), ("token", ("oficial",))],
)
def test_a_reference_that_is_no_number_brings_the_form_back(admin, owner, officer, form, references, value):
    answer = admin.post(f"/admin/infracciones/{form}/add/", dict.fromkeys(references, value))
    assert answer.status_code == 200 and answer.context["errors"]


def test_a_form_that_comes_back_shows_what_was_chosen_well(admin, owner, officer):
    form = {"vehiculo": owner.vehiculos.get().pk, "oficial": "x"}
    assert "AB123CD" in text(admin.post("/admin/infracciones/infraccion/add/", form))


@pytest.mark.parametrize(("state", "shown"), [("vigente", "1"), ("vencido", "2"), ("revocado", "3")])
def test_tokens_are_filtered_by_their_state(admin, state, shown):
    now = timezone.now()
    states = {"1": {}, "2": {"vence": now}, "3": {"revocado": now}}
    for number, fields in states.items():
        officer = Oficial.objects.create(numero=number, nombre="x")
        Token.objects.create(oficial=officer, resumen=number.encode(), **{"vence": now + timedelta(days=1)} | fields)
    listed = admin.get("/admin/infracciones/token/", {"estado": state}).context["cl"].queryset
    assert [token.oficial.numero for token in listed] == [shown]


def test_a_token_cannot_be_changed(admin, officer):
    token = Token.objects.get()
    answer = admin.post(
        f"/admin/infracciones/token/{token.pk}/change/", {"oficial": officer.pk, "vence_0": "2999-01-01"}
    )
    assert answer.status_code == 403


def test_errors_of_the_admin_are_pages_and_not_json(admin, client):
    assert "text/html" in admin.get("/admin/nada/").headers["Content-Type"]


def test_static_files_are_collected_under_hashed_names(settings, tmp_path):
    from django.core.management import call_command

    settings.STATIC_ROOT = tmp_path
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": hashed}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()
    assert [
        file for file in (tmp_path / "admin/css").iterdir() if file.name.startswith("base.") and len(file.name) == 21
    ]
