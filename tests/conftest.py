"""What holds for all tests; what they may ask for stands in tests/kit."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("kit")
pytest_plugins = ["kit.programs"]

# No deadline: the machines that run this are shared, and slowness there is no bug of ours.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
