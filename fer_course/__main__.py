"""`python -m fer_course COMMAND`: see `cli.py`."""

import sys

from fer_course.cli import main

if __name__ == "__main__":
    sys.exit(main())
