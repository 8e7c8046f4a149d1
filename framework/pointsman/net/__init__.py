"""The only floor that knows sockets and Twisted."""
