"""GET and POST /generar_informe."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from infracciones import reports
from infracciones.models import Infraccion, Oficial, Persona, Vehiculo

pytestmark = pytest.mark.django_db

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def vehicle(owner):
    return owner.vehiculos.get()


def fine(vehicle, officer, minutes=0, comment=""):
    moment = BEGINNING + timedelta(minutes=minutes)
    return Infraccion.objects.create(vehiculo=vehicle, oficial=officer, timestamp=moment, comentarios=comment)


def report(client, **query):
    return client.get("/generar_informe", query)


def test_a_report_has_the_fines_of_every_vehicle_newest_first(client, officer, owner, vehicle):
    second = Vehiculo.objects.create(placa_patente="XY987ZW", marca="Fiat", color="rojo", persona=owner)
    stranger = Persona.objects.create(nombre="Otra", correo="otra@ejemplo.com")
    foreign = Vehiculo.objects.create(placa_patente="ZZ1", marca="Fiat", color="rojo", persona=stranger)
    old, new = fine(vehicle, officer, 0, "señal «no»"), fine(second, officer, 5)
    fine(foreign, officer, 3)
    answer = report(client, correo="jose.pena@ejemplo.com")
    assert answer.status_code == 200
    assert answer.json()["correo"] == "Jose.Pena@Ejemplo.com"
    assert answer.json()["siguiente"] is None
    assert [line["id"] for line in answer.json()["infracciones"]] == [new.pk, old.pk]
    assert answer.json()["infracciones"][1] == {
        "id": old.pk,
        "placa_patente": "AB123CD",
        "timestamp": "2025-12-31T21:00:00-03:00",
        "comentarios": "señal «no»",
        "oficial": "A-0042",
        "evidencia": False,
    }


@pytest.mark.parametrize("name", ["correo", "email", "correo_electronico"])
def test_the_address_is_taken_by_each_of_its_names_from_the_query_and_from_a_body(client, owner, name):
    assert report(client, **{name: "JOSE.PENA@EJEMPLO.COM"}).status_code == 200
    body = json.dumps({name: " jose.pena@ejemplo.com "})
    assert client.post("/generar_informe/", body, content_type="application/json").status_code == 200


def test_letters_with_accents_are_compared_without_case_too(client):
    Persona.objects.create(nombre="Ñandú", correo="ÑANDÚ@ejemplo.com")
    assert report(client, correo="ñandú@EJEMPLO.com").json()["correo"] == "ÑANDÚ@ejemplo.com"


def test_a_plus_sign_that_nobody_escaped_is_found(client):
    Persona.objects.create(nombre="Ana", correo="ana+multas@ejemplo.com")
    assert client.get("/generar_informe?correo=ana+multas@ejemplo.com").status_code == 200
    assert client.get("/generar_informe?correo=ana%2Bmultas@ejemplo.com").status_code == 200


def test_a_person_without_fines_has_an_empty_list(client, owner):
    assert report(client, correo=owner.correo).json() == {"correo": owner.correo, "infracciones": [], "siguiente": None}


def test_an_unknown_person_is_404(client):
    answer = report(client, correo="nadie@ejemplo.com")
    assert answer.status_code == 404
    assert answer.json()["mensaje"]


@pytest.mark.parametrize(
    "query", [{}, {"correo": ""}, {"correo": "nadie"}, {"correo": "a@b\0"}, {"correo": "a@" + "b" * 254}]
)
def test_what_is_no_address_is_422(client, query):
    answer = report(client, **query)
    assert answer.status_code == 422
    assert answer.json()["errores"]["correo"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('{"correo": 5}', 422),
        ('{"correo": "\\ud800@b"}', 422),
        ('{"correo": "a@b", "correo": "a@b"}', 400),
    ],
)
def test_a_body_that_is_wrong_is_refused(client, body, status):
    assert client.post("/generar_informe", body, content_type="application/json").status_code == status


def test_a_form_is_415_and_another_method_405(client):
    assert client.post("/generar_informe", {"correo": "a@b"}).status_code == 415
    answer = client.delete("/generar_informe")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_pages_of_a_hundred_follow_each_other_to_the_end(client, officer, owner, vehicle):
    # three fines share each instant, so that pages end in the middle of one
    made = {fine(vehicle, officer, n // 3).pk for n in range(250)}
    sizes, seen, cursor = [], [], None
    while cursor is not None or not sizes:
        page = report(client, correo=owner.correo, **({"desde": cursor} if cursor else {})).json()
        sizes.append(len(page["infracciones"]))
        seen += [line["id"] for line in page["infracciones"]]
        cursor = page["siguiente"]
    assert sizes == [100, 100, 50]
    assert len(seen) == len(set(seen)) and set(seen) == made


def test_a_full_last_page_says_that_it_is_the_last(client, officer, owner, vehicle):
    for n in range(4):
        fine(vehicle, officer, n)
    first = report(client, correo=owner.correo, limite=2).json()
    second = report(client, correo=owner.correo, limite=2, desde=first["siguiente"]).json()
    assert first["siguiente"] and second["siguiente"] is None


def test_fines_that_arrive_meanwhile_neither_repeat_nor_hide_one(client, officer, owner, vehicle):
    other = Vehiculo.objects.create(placa_patente="XY987ZW", marca="Fiat", color="rojo", persona=owner)
    made = [fine(vehicle, officer, n).pk for n in range(6)]
    first = report(client, correo=owner.correo, limite=3).json()
    fine(vehicle, officer, 60)
    late_but_older = fine(other, officer, 1).pk
    body = json.dumps({"correo": owner.correo, "limite": 500, "desde": first["siguiente"]})
    second = client.post("/generar_informe", body, content_type="application/json").json()
    seen = [line["id"] for line in first["infracciones"] + second["infracciones"]]
    assert sorted(seen) == sorted([*made, late_but_older])


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "", "x", "٣", "1e2", "99999999999999999999"])
def test_a_limit_that_is_none_of_1_to_500_is_422(client, owner, limit):
    answer = report(client, correo=owner.correo, limite=limit)
    assert answer.status_code == 422
    assert answer.json()["errores"]["limite"]


@pytest.mark.parametrize("limit", ["true", "1.0", '"x"', "null", "[]", "501"])
def test_a_limit_in_a_body_is_checked_as_well(client, owner, limit):
    body = f'{{"correo": "{owner.correo}", "limite": {limit}}}'
    assert client.post("/generar_informe", body, content_type="application/json").status_code == 422


@pytest.mark.parametrize(
    "cursor", ["", "x", "ñ", "AAAA", "MjAyNi0wMS0wMSAx", "bm8gY3Vyc29y", "\ud83d\ude00", "-" * 5000]
)
def test_a_cursor_that_no_page_gave_is_422(client, owner, cursor):
    answer = report(client, correo=owner.correo, desde=cursor.encode("utf-16", "surrogatepass").decode("utf-16"))
    assert answer.status_code == 422
    assert answer.json()["errores"]["desde"]


def test_a_setting_demands_a_token_that_works(client, settings, officer, owner):
    settings.REPORT_NEEDS_TOKEN = True
    query, headers = {"correo": owner.correo}, {"Authorization": f"Bearer {officer.token}"}
    assert client.get("/generar_informe", query).status_code == 401
    assert client.get("/generar_informe", query, headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/generar_informe", query, headers=headers).status_code == 200
    officer.tokens.update(revocado=BEGINNING)
    assert client.get("/generar_informe", query, headers=headers).status_code == 401


def test_a_report_says_who_the_officer_of_each_fine_was(client, officer, owner, vehicle):
    other = Oficial.objects.create(numero="7", nombre="Otro")
    fine(vehicle, officer, 1)
    fine(vehicle, other, 2)
    assert [line["oficial"] for line in report(client, correo=owner.correo).json()["infracciones"]] == ["7", "A-0042"]


@pytest.mark.parametrize("header", ["Bearer invented", "Basic YTpi", "x"])
def test_a_token_that_does_not_work_is_worse_than_none(client, owner, header):
    ask = "/generar_informe?correo=jose.pena@ejemplo.com"
    assert client.get(ask).status_code == 200
    assert client.get(ask, headers={"Authorization": header}).status_code == 401


CITY = """
INSERT INTO infracciones_persona (nombre, correo) SELECT 'x', 'p' || n || '@ciudad.example' FROM generate_series(1, 3000) n;
INSERT INTO infracciones_vehiculo (placa_patente, marca, color, persona_id)
SELECT 'C' || id, 'x', 'y', id FROM infracciones_persona WHERE correo LIKE '%@ciudad.example';
INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios)
SELECT v.id, o.id, now() - random() * interval '700 days', '' FROM infracciones_vehiculo v, infracciones_oficial o, generate_series(1, 8);
"""


@pytest.fixture
def city(officer):
    """Three thousand ordinary vehicles with eight fines each, as there are beside the few that have very many."""
    with connection.cursor() as cursor:
        cursor.execute(CITY)


def fleet(owner, officer, *, vehicles, each):
    """A person's vehicles with so many fines each."""
    made = Vehiculo.objects.bulk_create(
        Vehiculo(placa_patente=f"FL{n}", marca="x", color="y", persona=owner) for n in range(vehicles)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios) "
            "SELECT id, %s, now() - n * interval '1 minute', '' FROM unnest(%s) id, generate_series(1, %s) n",
            [officer.pk, [vehicle.pk for vehicle in made], each],
        )
        cursor.execute("ANALYZE")


def read_from_fines(owner):
    """The plan's nodes for a person's first page, and those among them that read fines."""
    values = {"person": owner.pk, "moment": reports.START.moment, "id": reports.START.id, "limit": 101}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {reports._REPORT}", values)
        [[[explained]]] = cursor.fetchall()
    nodes = list(_nodes(explained["Plan"]))
    return nodes, [node for node in nodes if node.get("Relation Name") == "infracciones_infraccion"]


@pytest.mark.parametrize("vehicles", [1, 2])
def test_a_page_is_read_from_the_index_and_nothing_is_sorted_but_the_page(city, owner, officer, vehicles):
    """The plan in a city of ordinary vehicles: each vehicle's newest fines come in the index's own order."""
    fleet(owner, officer, vehicles=vehicles, each=10_000)
    nodes, fines = read_from_fines(owner)
    assert {node["Node Type"] for node in fines} <= {"Index Scan", "Index Only Scan"}, fines
    assert {node["Index Name"] for node in fines} == {"infraccion_informe"}, fines
    assert all(node["Actual Rows"] <= 101 for node in fines), fines
    assert all(node["Actual Rows"] <= 101 * vehicles for node in nodes if "Sort" in node["Node Type"]), nodes


def test_of_a_fleet_no_more_vehicles_are_read_in_full_than_a_page_has_lines(owner, officer):
    fleet(owner, officer, vehicles=300, each=100)
    _nodes, fines = read_from_fines(owner)
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in fines)
    assert read <= 301 + 101 * 101, f"{read} rows of {len(fines)} readings"


def test_the_pages_of_a_fleet_hold_each_fine_once(client, owner, officer):
    fleet(owner, officer, vehicles=40, each=5)
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = report(client, correo=owner.correo, limite=7, **({"desde": cursor} if cursor else {})).json()
        seen += [(line["timestamp"], line["id"]) for line in page["infracciones"]]
        cursor = page["siguiente"]
    assert len(seen) == len(set(seen)) == 200, len(seen)
    assert seen == sorted(seen, reverse=True)


def _nodes(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
