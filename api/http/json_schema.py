"""JSON Schema building blocks of the OpenAPI document."""

from typing import Any

Document = dict[str, Any]

TIME: Document = {"type": "string", "format": "date-time"}
NUMBER: Document = {"type": "number"}
COUNT: Document = {"type": "integer", "minimum": 0}
INTEGER: Document = {"type": "integer"}
STRING: Document = {"type": "string"}
BOOLEAN: Document = {"type": "boolean"}
STRINGS: Document = {"type": "array", "items": STRING}


def described(schema: Document, meaning: str) -> Document:
    """Return a schema with its meaning."""
    return {**schema, "description": meaning}


def nullable(schema: Document) -> Document:
    """Return a schema that accepts null as well."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def array_of(items: Document) -> Document:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def object_of(properties: Document) -> Document:
    """Return the schema of an object that has all of these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def with_optional(schema: Document, properties: Document) -> Document:
    """Return the schema of an object that may have further properties, those alone."""
    return {**schema, "properties": schema["properties"] | properties}


def open_object_of(properties: Document, *, required: tuple[str, ...] = ()) -> Document:
    """Return the schema of an object that may have other properties, and lack those that are not ``required``."""
    schema: Document = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def map_of(values: Document) -> Document:
    """Return the schema of an object whose names are data."""
    return {"type": "object", "additionalProperties": values}


def reference(name: str) -> Document:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
