"""JSON Schema building blocks of the OpenAPI document."""

from typing import Any

from api.http.encoding import PROBLEM_MEDIA_TYPE

Document = dict[str, Any]

TIME: Document = {"type": "string", "format": "date-time"}
NUMBER: Document = {"type": "number"}
COUNT: Document = {"type": "integer", "minimum": 0}
STRING: Document = {"type": "string"}
STRINGS: Document = {"type": "array", "items": STRING}


def nullable(schema: Document) -> Document:
    """Return a schema that accepts null as well."""
    return {**schema, "type": [schema["type"], "null"]}


def object_of(properties: Document) -> Document:
    """Return the schema of an object that has all of these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def responses_of(schema: Document | None, *failures: str, status: str = "200") -> Document:
    """Return the responses of an operation: its JSON (None: no body), and a problem for each failing status."""
    answer: Document = {"description": "the answer"}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    problem: Document = {
        "description": "a problem",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {status: answer} | dict.fromkeys(failures, problem)
