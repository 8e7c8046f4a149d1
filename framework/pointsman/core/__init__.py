"""The state machines: no sockets, no clock read, no Twisted."""
