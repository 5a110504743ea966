"""Types that messages are decoded into, made from the contract.

Values inside a field are structs and tuples, which the garbage collector does not follow: a batch keeps some 10^5 of
them, and as dictionaries and lists they cost three times their own decode.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain, compress
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.messages.contract import CONTRACT_VERSION, MessageContract
from lakehouse.messages.contract_field import LEAST_MAGNITUDE, MOST_MAGNITUDE, Field


def message_type(contract: MessageContract) -> type[msgspec.Struct]:
    """Return the type of a contract's messages, without unknown fields."""
    fields: list[Any] = []
    for field in sorted(contract.fields, key=lambda f: not f.required):
        annotation = _to_annotation(field)
        fields.append((field.name, annotation) if field.required else (field.name, annotation | None, None))
    return msgspec.defstruct("Message", fields, forbid_unknown_fields=True, gc=False)


@cache
def part_type(field: Field) -> type[msgspec.Struct]:
    """Return the type of an object inside a field with parts; what else an object has is left out."""
    of_part = {part.name: _to_annotation(part) for part in field.parts}
    if field.kind == "columns":
        of_part = {name: _to_tuple(annotation, field) for name, annotation in of_part.items()}
    return msgspec.defstruct(field.name, list(of_part.items()), frozen=True, gc=False)


def to_arrow(field: Field, values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Return the values of a field of many messages as its gold column."""
    if not field.parts:
        return pa.array(values, arrow_type)
    is_given = np.fromiter((value is not None for value in values), np.bool_, len(values))
    given = list(compress(values, is_given)) if not is_given.all() else values
    mask = pa.array(~is_given)
    if field.kind == "columns":
        columns = []
        for child in arrow_type:
            lists = [*map(attrgetter(child.name), given)]
            numbers = pa.array(np.fromiter(chain.from_iterable(lists), np.float64))
            columns.append(pa.ListArray.from_arrays(_offsets(lists, is_given), numbers, type=child.type))
        return pa.StructArray.from_arrays(columns, fields=list(arrow_type), mask=mask)
    rows = [*chain.from_iterable(given)]
    row_type = arrow_type.value_type
    numbers = [pa.array(np.fromiter(map(attrgetter(child.name), rows), np.float64)) for child in row_type]
    structs = pa.StructArray.from_arrays(numbers, fields=list(row_type))
    return pa.ListArray.from_arrays(_offsets(given, is_given), structs, type=arrow_type, mask=mask)


def _offsets(lists: Sequence[Sequence[Any]], is_given: npt.NDArray[np.bool_]) -> pa.Array:
    """Return where each list begins among the items of all, and the end of the last; one that is not given is empty."""
    offsets = np.zeros(len(is_given) + 1, np.int32)
    offsets[1:][is_given] = [*map(len, lists)]
    return pa.array(np.cumsum(offsets, dtype=np.int32))


def _to_annotation(field: Field) -> Any:
    if field.name == "v":
        return Literal[CONTRACT_VERSION]
    if field.kind == "number":
        bounds = {"ge": field.at_least, "le": field.at_most, "gt": field.above, "lt": field.below}
        if field.has_magnitude and field.above == 0:
            bounds = {"ge": LEAST_MAGNITUDE, "le": MOST_MAGNITUDE}
        given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
        return Annotated[float, msgspec.Meta(**given)]
    if field.kind == "strings":
        return _to_tuple(str, field)
    if field.kind == "columns":
        return part_type(field)
    if field.kind == "rows":
        return _to_tuple(part_type(field), field)
    if field.one_of:
        return Literal[field.one_of]
    return Annotated[str, msgspec.Meta(max_length=field.max_length)]


def _to_tuple(of: Any, field: Field) -> Any:
    return Annotated[tuple.__class_getitem__((of, ...)), msgspec.Meta(max_length=field.max_length)]
