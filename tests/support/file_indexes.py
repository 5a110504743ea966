"""File indexes in tests: compared file by file, whatever their order."""

import numpy as np

from lakehouse.delta.file_index import FileIndex


def files_by_path(index: FileIndex) -> dict[str, tuple[object, ...]]:
    assert index.min_symbol is not None
    assert index.max_symbol is not None
    bounds = [index.partitions, index.offsets, *(index.times[name] for name in sorted(index.times))]
    columns = [
        index.n_rows,
        index.size_bytes,
        index.min_symbol,
        index.max_symbol,
        *np.concatenate(bounds).reshape(-1, len(index.paths)),
    ]
    return {
        path: row
        for path, *row in zip(index.paths.tolist(), *(column.tolist() for column in columns), strict=True)
    }
