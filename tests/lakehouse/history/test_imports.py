"""The modules of lakehouse that an answer to a history question takes."""

import subprocess
import sys

import pytest

MAX_MODULES = 40
COUNT = """
import sys
import lakehouse.history.page
print(sum(name.partition(".")[0] == "lakehouse" for name in sys.modules))
"""


@pytest.mark.lake
def test_answering_a_history_question_imports_few_modules() -> None:
    counted = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    assert int(counted.stdout) <= MAX_MODULES
