"""JSON Schema's validator, imported without the grammars of formats that no schema of this project names."""

import sys
from unittest.mock import patch

# jsonschema compiles 38 grammars of RFC 3987 (iri) when it is imported: 2 s for each process of a test run.
with patch.dict(sys.modules, {"rfc3987_syntax": None}):
    from jsonschema import Draft202012Validator

__all__ = ["Draft202012Validator"]
