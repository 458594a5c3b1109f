"""The first page of a report: of a person with 100,000 fines, beside one with ten."""

from __future__ import annotations

from functools import partial

from bench.ratio import Ratio, median
from bench.service.clients import Request, clients
from bench.service.database import psql
from bench.service.fines import Costs, counted
from rehearsal.checks import Subject
from rehearsal.checks.people import People
from rehearsal.screen import Say

_SECONDS = 4
_MAKE = """
INSERT INTO infracciones_persona (nombre, correo) VALUES ('Persona de prueba', '{mail}') ON CONFLICT DO NOTHING;
INSERT INTO infracciones_vehiculo (placa_patente, marca, color, persona_id)
SELECT '{plate}' || n, 'Prueba', 'gris', p.id FROM infracciones_persona p, generate_series(1, 2) n WHERE p.correo = '{mail}'
ON CONFLICT DO NOTHING;
INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios)
SELECT (SELECT id FROM infracciones_vehiculo WHERE placa_patente = '{plate}' || (1 + n % 2)),
    (SELECT min(id) FROM infracciones_oficial), now() - n * interval '1 minute', 'Luz roja ' || n
FROM generate_series(1, {fines}) n;
"""
# Beside them a city of ordinary vehicles, as a planner finds one: in a table of heavy owners alone it chooses otherwise.
_VEHICLES, _EACH = 15_000, 8
_CITY = """
INSERT INTO infracciones_persona (nombre, correo)
SELECT 'Vecino de prueba', 'vecino' || n || '@prueba.example' FROM generate_series(1, {vehicles}) n ON CONFLICT DO NOTHING;
INSERT INTO infracciones_vehiculo (placa_patente, marca, color, persona_id)
SELECT 'VECINO' || id, 'Prueba', 'gris', id FROM infracciones_persona WHERE correo LIKE 'vecino%@prueba.example'
ON CONFLICT DO NOTHING;
INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios)
SELECT v.id, (SELECT min(id) FROM infracciones_oficial), now() - random() * interval '700 days', 'Luz roja'
FROM infracciones_vehiculo v, generate_series(1, {each}) WHERE v.placa_patente LIKE 'VECINO%';
"""
_OWNERS = {"many": 100_000, "few": 10}


def reports(subject: Subject, people: People, rounds: int, say: Say) -> list[Ratio]:
    """The figure of a report's first page, both persons asked for in turns by one client."""
    say(f"{_VEHICLES} ordinary vehicles with {_EACH} fines each are made")
    psql(subject.host, _CITY.format(vehicles=_VEHICLES, each=_EACH))
    for name, fines in _OWNERS.items():
        say(f"a person with {fines} fines is made")
        psql(subject.host, _MAKE.format(mail=f"{name}@prueba.example", plate=name.upper(), fines=fines))
    psql(subject.host, "VACUUM ANALYZE")
    medians: dict[str, list[float]] = {name: [] for name in _OWNERS}
    costs = {name: Costs() for name in _OWNERS}
    for number in range(1, rounds + 1):
        for name in _OWNERS:
            say(f"{number} of {rounds}: the person with {_OWNERS[name]} fines")
            ask = Request(
                "GET", f"/generar_informe?correo={name}@prueba.example", people.reader | {"Host": people.domain}
            )
            asked = partial(clients, f"https://{people.address}", [ask], count=1, seconds=_SECONDS)
            medians[name].append(counted(costs[name], asked).median)
    ratio = median([many / few for many, few in zip(medians["many"], medians["few"], strict=True)])
    detail = "; ".join(
        f"{_OWNERS[name]}: {', '.join(f'{each:.2f}' for each in found)} ms, {costs[name].each:.2f} ms of CPU"
        for name, found in medians.items()
    )
    more = (
        "the page of the first has a hundred entries, of the other ten: the service's writing of them is the limit, the index finds both "
        "alike; smaller pages would move it"
    )
    return [Ratio("median time of a report's first page, 100,000 fines against ten", ratio, 2.0, f"{detail}; {more}")]
