"""Workaround for PySpark 4.1's stateful pandas operator, which fails with the PyArrow that we pin."""

from __future__ import annotations

from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
from pyspark.sql.pandas.serializers import ApplyInPandasWithStateSerializer


def patch_state_offsets() -> None:
    """Make `applyInPandasWithState` read where a group's rows begin as integers. Idempotent.

    Where a batch has fewer groups than rows, Spark pads the column of states with nulls; PyArrow 26 turns the integers
    beside nulls into floats, and slicing by those raises TypeError. Workers need it too, so that it is called where
    the module of the function they run is imported.
    """
    if not getattr(ApplyInPandasWithStateSerializer, _MARK, False):
        original: Any = ApplyInPandasWithStateSerializer.arrow_to_pandas

        def arrow_to_pandas(self: Any, column: Any, at: int) -> Any:
            if pa.types.is_struct(column.type):
                return pd.Series(column.to_pylist(), dtype=object)
            return original(self, column, at)

        ApplyInPandasWithStateSerializer.arrow_to_pandas = arrow_to_pandas  # type: ignore[method-assign]
        setattr(ApplyInPandasWithStateSerializer, _MARK, True)


_MARK = "_cryptoviz_patched"
