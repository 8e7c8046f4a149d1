"""Mail servers: Twisted's own, each in a process of its own."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kit.child_programs import ChildProgram, started

_PROGRAM = """
import signal, sys
from zope.interface import implementer
from twisted.internet import defer, reactor
from twisted.mail import smtp

@implementer(smtp.IMessage)
class Message:
    def __init__(self):
        self.lines = []
    def lineReceived(self, line):
        self.lines.append(line)
    def eomReceived(self):
        for line in self.lines:
            if line.lower().startswith(b"subject: "):
                print("took " + line[9:].decode(), flush=True)
        return defer.succeed(None)
    def connectionLost(self):
        pass

@implementer(smtp.IMessageDelivery)
class Delivery:
    def receivedHeader(self, helo, origin, recipients):
        return b"Received: by " + NAME.encode()
    def validateFrom(self, helo, origin):
        return origin
    def validateTo(self, user):
        return Message

class Server(smtp.ESMTP):
    def connectionMade(self):
        if closed:
            self.sendCode(421, b"we are closed")
            self.transport.loseConnection()
        else:
            smtp.ESMTP.connectionMade(self)

class Factory(smtp.SMTPFactory):
    protocol = Server
    noisy = False
    def buildProtocol(self, address):
        made = smtp.SMTPFactory.buildProtocol(self, address)
        made.delivery = Delivery()
        return made

NAME = sys.argv[1]
closed = []
signal.signal(signal.SIGUSR1, lambda *_: closed.append(True))
port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
print("listens on 127.0.0.1:%d" % port.getHost().port, flush=True)
reactor.run()
"""


class MailServer:
    """A real SMTP server.

    Attributes:
        address: as a configuration names it.
    """

    def __init__(self, program: ChildProgram) -> None:
        self._program = program
        self.address = program.until(r"listens on (\S+)")[1]

    @property
    def subjects(self) -> list[str]:
        """Of the messages that it took so far."""
        self._program.drain()
        return re.findall(r"^took (.*)$", self._program.output, re.MULTILINE)

    def close_shop(self) -> None:
        """Greet everybody with 421 from now on."""
        self._program.signal(signal.SIGUSR1)


@contextmanager
def mail_server(name: str) -> Iterator[MailServer]:
    """Start one, and end it with the block."""
    with started(sys.executable, "-W", "ignore", "-c", _PROGRAM, name) as program:
        yield MailServer(program)
