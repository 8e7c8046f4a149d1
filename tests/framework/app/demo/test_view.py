"""What the demonstration shows, on a terminal and elsewhere."""

import io

from rich.console import Console

from pointsman.app.demo.view import Row, View

ROWS = [
    Row("red", "127.0.0.1:1", "up", "200 to HEAD /", 30, 1),
    Row("blue", "127.0.0.1:2", "down", "refused", 10, 0),
]


def test_plain_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=40), ["try:  curl http://127.0.0.1:8080/ and more of it"])
    view.start()
    view.show(ROWS, "own requests: 40 good, 0 bad")
    view.write("a note [not markup]\n")
    view.flush()
    view.stop()
    assert out.getvalue().splitlines() == [
        "try:  curl http://127.0.0.1:8080/ and more of it",
        "red up 30 requests | blue down 10 requests | own requests: 40 good, 0 bad",
        "a note [not markup]",
    ]


def test_a_table_on_a_terminal() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=120, force_terminal=True), ["try: curl"])
    view.start()
    view.show(ROWS, "a note")
    view.stop()
    for word in ("red", "75%", "blue", "25%", "refused", "a note", "try: curl"):
        assert word in out.getvalue()
