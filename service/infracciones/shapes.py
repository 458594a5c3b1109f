"""The shapes that the contract's calls take and give, by their names in the description."""

from typing import Any

from infracciones.plates import LONGEST

Json = dict[str, Any]
NAMES_OF_MAIL = ("correo", "email", "correo_electronico")  # by which a person's address is given
_MOMENT = (
    "Fecha y hora: RFC 3339 (lo que sigue a los microsegundos se corta), también con `±hhmm` o sin desplazamiento, "
    "`AAAA-MM-DD HH:MM[:SS]`, o segundos desde 1970. Sin desplazamiento es la hora del servicio. "
    "Ni más de cinco minutos en el futuro ni antes de 2000."
)


def schemas() -> Json:
    """All of them."""
    plate = {"type": "string", "minLength": 1, "maxLength": 100, "example": "AB 123 CD"}
    moment: Json = {
        "description": _MOMENT,
        "anyOf": [{"type": "string"}, {"type": "number"}],
        "example": "2026-03-04T10:20:30-03:00",
    }
    comment = {"type": "string", "maxLength": 2000, "example": "Luz roja"}
    given = {"placa_patente": plate, "timestamp": moment, "comentarios": comment}
    fine = {
        "id": {"type": "integer"},
        "placa_patente": {"type": "string", "pattern": f"^\\w{{1,{LONGEST}}}$"},
        "timestamp": {"type": "string", "format": "date-time"},
        "comentarios": {"type": "string"},
        "oficial": {"type": "string"},
    }
    count = {"type": "integer", "minimum": 0}
    return {
        "Carga": with_all(**given),
        "Fila": with_all(id={"type": "string", "format": "uuid"}, **given),
        "Infraccion": with_all(**fine),
        "Consulta": {
            "type": "object",
            "properties": {
                **{name: {"type": "string", "maxLength": 254} for name in NAMES_OF_MAIL},
                "limite": {"type": "integer", "minimum": 1, "maximum": 500},
                "desde": {"type": "string"},
            },
            "anyOf": [{"required": [name]} for name in NAMES_OF_MAIL],
        },
        "Informe": with_all(
            correo={"type": "string"},
            infracciones={"type": "array", "items": with_all(**fine, evidencia={"type": "boolean"})},
            siguiente={"type": ["string", "null"]},
        ),
        "Resultado": with_all(
            recibidas=count,
            nuevas=count,
            repetidas=count,
            rechazadas=count,
            detalle={
                "type": "array",
                "items": with_all(
                    linea={"type": "integer", "minimum": 1},
                    id={"type": ["string", "null"]},
                    estado={"const": "rechazada"},
                    mensaje={"type": "string"},
                ),
            },
        ),
        "Error": {
            "type": "object",
            "properties": {
                "mensaje": {"type": "string"},
                "errores": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "required": ["mensaje"],
        },
    }


def with_all(**properties: Json) -> Json:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}
