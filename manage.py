#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line

from lakehouse.errors import SettingError
from lakehouse.process.commands import exit_code_of, print_error

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        print_error("manage.py", error)
        sys.exit(exit_code_of(error))
