"""Lets `python -m bench` run the comparison."""

import sys

from bench.command import main

if __name__ == "__main__":
    sys.exit(main())
