"""``pointsman demo``: its exit statuses. What it shows is a scenario."""

import socket

from kit.child_programs import pointsman


def test_status_0_says_that_both_servers_were_used() -> None:
    with pointsman("demo", "--for", "1.5") as program:
        assert program.wait() == 0
        used = program.until(r"(\d+) requests balanced: red (\d+), blue (\d+)")
        total, red, blue = map(int, used.groups())
        assert total == red + blue
        assert abs(red - blue) <= 1  # round robin


def test_without_traffic_it_says_that_they_were_not() -> None:
    with pointsman("demo", "--for", "0.5", "--no-traffic") as program:
        assert program.wait() == 5
        assert "not all servers were used" in program.output


def test_an_unknown_scheduler_is_an_error_of_the_configuration() -> None:
    with pointsman("demo", "--scheduling", "round_robbin") as program:
        assert program.wait() == 1
        assert "did you mean `round_robin`" in program.output


def test_a_port_in_use_is_status_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pointsman("demo", "--port", port) as program:
            assert program.wait() == 3
            assert "somebody listens there already" in program.output
