"""What all upstream connections of one service share."""

from kit.played_site import PlayedSite


def test_without_tls_connections_have_no_key_and_suit_everybody() -> None:
    site = PlayedSite()
    assert site.upstream_supplies.tls is None
    site.asks(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    site.plays(site.server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert len(site.idle) == 1
    assert site.idle.take(site.members[0], None) is not None
