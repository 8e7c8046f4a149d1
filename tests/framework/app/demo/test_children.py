"""The demonstration's servers as processes: started, killed, named, ended."""

import os
import shlex
import signal
import socket

import pytest

from kit.child_programs import started
from pointsman.app.demo import children
from pointsman.app.demo.children import Child


def test_they_listen_when_started_and_are_gone_when_ended() -> None:
    servers = children.start(["red", "blue"])
    try:
        assert len({server.port for server in servers}) == 2
        for server in servers:
            socket.create_connection(("127.0.0.1", server.port), timeout=20).close()
    finally:
        for server in servers:
            server.end()
    assert not any(server.running for server in servers)


def test_one_that_was_killed_can_be_started_again_by_the_command_it_names() -> None:
    (server,) = children.start(["red"])
    try:
        os.kill(server.pid, signal.SIGKILL)
        server.end()
        with started(*shlex.split(server.again)) as again:
            again.until(f"red listens on 127.0.0.1:{server.port}")
    finally:
        server.end()


def test_one_that_cannot_start_is_an_error_and_is_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        child = Child("red", taken.getsockname()[1])
        with pytest.raises(RuntimeError, match="the demo server 'red' did not start"):
            child.await_listening()
        assert not child.running
