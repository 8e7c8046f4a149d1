"""pointsman on a leash: ``python -m pointsman.app.demo.leash ARGUMENTS`` ends with its stdin.

What a demonstration starts must not outlive it, however it ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _until_let_go() -> None:
    # Not sys.stdin: its lock would be held by this thread when the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the command line with the arguments of this process, until stdin is closed."""
    threading.Thread(target=_until_let_go, name="leash", daemon=True).start()
    from pointsman.app.cli import main as pointsman

    pointsman(sys.argv[1:], prog_name="pointsman")


if __name__ == "__main__":
    main()
