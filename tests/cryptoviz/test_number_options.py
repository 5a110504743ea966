"""Numbers of command lines: whatever is given is a number of a range, or a sentence and the exit code of usage."""

import importlib
import math
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cryptoviz.commands import COMMANDS
from lakehouse.process.number_option import wait_option

MODULES = sorted({command.module for command in COMMANDS.values()} - {"api.manage"})
"""All of ours; Django reads the arguments of `manage`."""
ANY_NUMBER = {"seed"}
"""Options that take every whole number."""


def parameters_of(command: Any) -> Iterator[Any]:
    """Yield every parameter of a command and of those below it."""
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from parameters_of(below)


@pytest.mark.parametrize("module", MODULES)
def test_every_number_on_a_command_line_has_a_range(module: str) -> None:
    command = typer.main.get_command(importlib.import_module(module).app)
    for parameter in parameters_of(command):
        kind, info = parameter.type_descriptor.annotation, parameter.type_descriptor.parameter_info
        if kind is float:
            assert info.parser is not None, parameter.name  # a range of the library lets `nan` pass
        if kind is int and parameter.name not in ANY_NUMBER:
            assert info.min is not None or info.parser is not None, parameter.name


@given(text=st.one_of(st.text(max_size=12), st.floats().map(str), st.integers().map(str)))
def test_a_wait_is_one_that_a_clock_can_hold(text: str) -> None:
    try:
        seconds = wait_option("help").parser(text)
    except typer.BadParameter:
        return
    assert math.isfinite(seconds)
    assert 1e-3 <= seconds <= 1e9
