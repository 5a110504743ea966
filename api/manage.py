"""Django's command line on this project's metadata: `cryptoviz manage createsuperuser`."""

import os
import sys
from collections.abc import Sequence

from django.core.management import ManagementUtility

from lakehouse.errors import SettingError
from lakehouse.process.commands import EXIT_DONE, exit_code_of, print_error

PROGRAM = "cryptoviz manage"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of Django's commands and return the exit code; a wrong setting is one line on stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        ManagementUtility([PROGRAM, *given]).execute()
    except SettingError as error:
        print_error(PROGRAM, error)
        return exit_code_of(error)
    return EXIT_DONE
