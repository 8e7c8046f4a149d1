"""The transport of an in-process server offers what protocols ask for."""

from twisted.internet.interfaces import IConsumer, IPushProducer, ITransport
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from pointsman.net.local_transport import LocalTransport


def test_it_is_what_protocols_expect_of_a_transport() -> None:
    """How it behaves is shown with the stream on its other side, in test_local."""
    transport = LocalTransport(Clock(), Protocol())
    for interface in (ITransport, IConsumer, IPushProducer):
        assert verifyObject(interface, transport)
    for name in ("abortConnection", "loseWriteConnection"):
        assert callable(getattr(transport, name))
