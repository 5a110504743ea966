"""The pieces that the OpenAPI document of answers is made of."""

from typing import Any

from api.http.encoding import PROBLEM_MEDIA_TYPE

Document = dict[str, Any]

TIME: Document = {"type": "string", "format": "date-time"}
NUMBER: Document = {"type": "number"}
COUNT: Document = {"type": "integer", "minimum": 0}
STRING: Document = {"type": "string"}
STRINGS: Document = {"type": "array", "items": STRING}


def nullable(schema: Document) -> Document:
    return {**schema, "type": [schema["type"], "null"]}


def object_of(properties: Document) -> Document:
    """An object that has all of these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def responses_of(schema: Document | None, *failures: str, status: str = "200") -> Document:
    """An answer in JSON (null: one without a body), and a problem for each status in which it fails."""
    answer: Document = {"description": "the answer"}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    problem: Document = {
        "description": "a problem",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {status: answer} | dict.fromkeys(failures, problem)
