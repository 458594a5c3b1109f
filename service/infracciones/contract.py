"""The contract in OpenAPI 3.1: each call, what it takes, and every answer that it gives."""

from django.conf import settings

from infracciones.shapes import NAMES_OF_MAIL, Json, schemas, with_all


def document(server: str) -> Json:
    """The whole description, for the service at this address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Infracciones de tránsito",
            "version": "1",
            "description": "Carga de infracciones por los oficiales, con o sin conexión, e informes para los titulares. "
            "Toda respuesta de error es JSON y trae un `mensaje` que dice qué hacer.",
        },
        "servers": [{"url": server}],
        "tags": [{"name": "Oficiales"}, {"name": "Titulares"}, {"name": "Operación"}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "El token que la administración entregó al oficial.",
                }
            },
            "schemas": schemas(),
            "responses": {
                **{str(status): _refused(why) for status, why in _REFUSALS.items()},
                # by the server, which reads no further and says nothing of its own
                str(_MANY_HEADERS): {"description": "Más de cien encabezados: envíe menos."},
            },
        },
    }


_REFUSALS = {
    400: "No se puede leer: el cuerpo, los encabezados o la dirección.",
    401: "Falta un token, o no sirve: está mal escrito, venció o fue revocado.",
    404: "No existe.",
    405: "Ese método no se admite.",
    408: "Tardó demasiado en llegar: repita.",
    409: "Ya hay otra.",
    413: "Demasiado grande.",
    414: "La dirección es demasiado larga.",
    415: "De un tipo que no se admite.",
    422: "Se puede leer, y hay datos que corregir.",
    429: "Demasiadas peticiones: espere y repita.",
    503: "Por ahora no se puede: espere y repita.",
    504: "El servicio tardó demasiado: repita.",
}
_MANY_HEADERS = 431
# What any call may be answered, most of it before the call is looked at.
_ANYWHERE = (400, 405, 408, 413, 414, 429, _MANY_HEADERS, 503, 504)


def _paths() -> Json:
    fine, report = {"$ref": "#/components/schemas/Infraccion"}, {"$ref": "#/components/schemas/Informe"}
    mail = {"type": "string", "maxLength": 254, "example": "persona@ejemplo.com"}
    anybody: list[Json] = [{"token": []}] if settings.REPORT_NEEDS_TOKEN else [{}, {"token": []}]
    reference = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z-]{1,64}$"},
        "description": "El número de la infracción, o el UUID que le dio el dispositivo.",
    }
    return {
        "/cargar_infraccion": {
            "post": {
                "operationId": "cargar_infraccion",
                "tags": ["Oficiales"],
                "summary": "Un oficial carga una infracción",
                "security": [{"token": []}],
                "parameters": [
                    {
                        "name": "Idempotency-Key",
                        "in": "header",
                        "required": False,
                        "schema": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 255,
                            "pattern": "^[!-~]([ -~]*[!-~])?$",
                        },
                        "description": "La misma clave con la misma infracción da otra vez la primera respuesta.",
                    }
                ],
                "requestBody": _body({"application/json": {"$ref": "#/components/schemas/Carga"}}),
                "responses": {
                    "200": _answer(
                        with_all(mensaje={"type": "string"}, infraccion=fine),
                        headers={"Idempotent-Replayed": "Está cuando la clave ya había hecho esta infracción."},
                    ),
                    **_errors(401, 404, 409, 413, 415, 422),
                },
            }
        },
        "/cargar_infracciones": {
            "post": {
                "operationId": "cargar_infracciones",
                "tags": ["Oficiales"],
                "summary": "Un dispositivo carga lo que anotó sin conexión",
                "description": "Hasta 50.000 filas, como NDJSON o como un arreglo JSON, también con `Content-Encoding: gzip`. "
                "Cada fila se toma o se rechaza por sí sola; enviar el archivo otra vez no cambia nada.",
                "security": [{"token": []}],
                "requestBody": _body(
                    {
                        "application/x-ndjson": {"type": "string"},
                        "application/json": {
                            "type": "array",
                            "items": {"description": "Una `Fila`; la que no lo es se rechaza, y las otras se toman."},
                        },
                    }
                ),
                "responses": {
                    "200": _answer({"$ref": "#/components/schemas/Resultado"}),
                    **_errors(401, 413, 415),
                },
            }
        },
        "/generar_informe": {
            "get": {
                "operationId": "generar_informe",
                "tags": ["Titulares"],
                "summary": "Las infracciones de los vehículos de una persona",
                "description": "El correo se da como `correo`, `email` o `correo_electronico`; uno de los tres es obligatorio.",
                "security": anybody,
                "parameters": [
                    *({"name": name, "in": "query", "required": False, "schema": mail} for name in NAMES_OF_MAIL),
                    {
                        "name": "limite",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
                    },
                    {
                        "name": "desde",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "string"},
                        "description": "El valor de `siguiente` de la página anterior.",
                    },
                ],
                "responses": {"200": _answer(report), **_errors(401, 404, 422)},
            },
            "post": {
                "operationId": "generar_informe_post",
                "tags": ["Titulares"],
                "summary": "Lo mismo, con el correo en el cuerpo",
                "security": anybody,
                "requestBody": _body({"application/json": {"$ref": "#/components/schemas/Consulta"}}),
                "responses": {"200": _answer(report), **_errors(401, 404, 413, 415, 422)},
            },
        },
        "/infracciones/{id}/evidencia": {
            "parameters": [reference],
            "post": {
                "operationId": "cargar_evidencia",
                "tags": ["Oficiales"],
                "summary": "La foto de una infracción, por el oficial que la hizo",
                "description": "JPEG, PNG o WebP de hasta 10 MiB; se guarda sin sus metadatos. Una foto por infracción.",
                "security": [{"token": []}],
                "requestBody": _body(
                    {
                        "multipart/form-data": {
                            "type": "object",
                            "required": ["foto"],
                            "properties": {"foto": {"type": "string", "format": "binary"}},
                        }
                    }
                ),
                "responses": {
                    "201": _answer(
                        with_all(
                            mensaje={"type": "string"},
                            evidencia=with_all(tipo={"type": "string"}, bytes={"type": "integer"}),
                        ),
                        headers={"Location": "Dónde pedir el enlace."},
                    ),
                    **_errors(401, 404, 409, 413, 415, 422),
                },
            },
            "get": {
                "operationId": "ver_evidencia",
                "tags": ["Oficiales"],
                "summary": "Un enlace a la foto, por cinco minutos",
                "security": [{"token": []}],
                "responses": {
                    "200": _answer(with_all(url={"type": "string"}, vence={"type": "string", "format": "date-time"})),
                    **_errors(401, 404),
                },
            },
        },
        "/token": {
            "get": {
                "operationId": "token",
                "tags": ["Oficiales"],
                "summary": "Si un token sirve, y de qué oficial es",
                "security": [{"token": []}],
                "responses": {
                    "200": _answer(with_all(mensaje={"type": "string"}, oficial={"type": "string"})),
                    **_errors(401),
                },
            }
        },
        "/healthz": {
            "get": {
                "operationId": "healthz",
                "tags": ["Operación"],
                "summary": "Si el proceso vive",
                "responses": {"200": _answer(with_all(mensaje={"type": "string"})), **_errors()},
            }
        },
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "tags": ["Operación"],
                "summary": "Si el proceso y su base de datos pueden trabajar",
                "responses": {"200": _answer(with_all(mensaje={"type": "string"})), **_errors()},
            }
        },
    }


def _body(schemas: dict[str, Json]) -> Json:
    return {"required": True, "content": {type: {"schema": schema} for type, schema in schemas.items()}}


def _answer(schema: Json, *, headers: dict[str, str] | None = None) -> Json:
    found: Json = {"description": "Hecho.", "content": {"application/json": {"schema": schema}}}
    if headers:
        found["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    return found


def _refused(why: str) -> Json:
    return {"description": why, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def _errors(*statuses: int) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in (*statuses, *_ANYWHERE)}
