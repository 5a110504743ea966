"""The pieces that the JSON Schemas of answers are made of."""

from typing import Any

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
