#!/usr/bin/env python
"""Django's command line in a checkout: what `cryptoviz manage` runs."""

import sys

from api.manage import main

if __name__ == "__main__":
    sys.exit(main())
