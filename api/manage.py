"""Django's command line on this project's metadata: `cryptoviz manage createsuperuser`."""

import os
import sys
from collections.abc import Sequence

from django.core.management import ManagementUtility
from django.db import DatabaseError

from lakehouse.errors import SettingError
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, exit_code_of, print_error
from lakehouse.process.private_files import restrict_new_files

PROGRAM = "cryptoviz manage"
MIGRATE_HINT = (
    "`cryptoviz manage migrate` makes its tables, as does the API when it starts; CRYPTOVIZ_RUNTIME_DIR or "
    "CRYPTOVIZ_DATABASE_URL names another (the demo's: CRYPTOVIZ_RUNTIME_DIR=.runtime/demo)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of Django's commands and return the exit code; a wrong setting is one line on stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
    given = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None:
        restrict_new_files(os.environ)
    try:
        ManagementUtility([PROGRAM, *given]).execute()
    except SettingError as error:
        print_error(PROGRAM, error)
        return exit_code_of(error)
    except DatabaseError as error:
        print_error(PROGRAM, f"{error} in {_database()}; {MIGRATE_HINT}")
        return EXIT_FAILED
    return EXIT_DONE


def _database() -> str:
    """Return where the metadata is, without a password."""
    from django.db import connection

    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(settings["NAME"])
    return f"{settings['NAME']} at {settings['HOST']}:{settings['PORT']}"
