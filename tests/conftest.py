"""What holds for all tests; what they may ask for stands in tests/kit."""

import signal

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("kit")
pytest_plugins = ["kit.programs"]

# No deadline: the machines that run this are shared, and slowness there is no bug of ours.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

# A shell without job control has what it starts in the background ignore SIGINT, and programs that
# tests start and interrupt would ignore it as well. One that is caught here is not ignored there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
