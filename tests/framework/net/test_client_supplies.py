"""What all client connections of one service share."""

import pytest

from kit.played_site import PlayedSite
from pointsman.model.service import Forwarding, ServiceSettings
from pointsman.net.client_supplies import ClientSupplies


@pytest.mark.parametrize(("via", "line"), [(b"edge", b"Via: 1.1 edge\r\n"), (b"", b"")])
def test_the_line_that_answers_get_is_made_once(via: bytes, line: bytes) -> None:
    site = PlayedSite()
    site.service.settings = ServiceSettings("s", (), forwarding=Forwarding(via=via))
    supplies = ClientSupplies(site.supplies, None, site.deadlines, site.lines, site.gone.append)
    assert supplies.via == line
    assert not supplies.draining
    assert supplies.timeouts is site.service.settings.timeouts
