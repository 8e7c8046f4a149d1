"""Problems told with the place at fault."""

from pathlib import Path

from pointsman.app.commands.telling import told
from pointsman.model.errors import Problem


def test_the_caret_stands_below_the_column_even_after_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a:\n\tb: 1\n")
    lines = told(Problem(str(path), 2, 2, "a.b", "wrong", "try c"), "error").splitlines()
    assert lines == [
        f"{path}:2:2: error: a.b: wrong",
        "    2 |     b: 1",
        "      |     ^",
        "      = try c",
    ]


def test_what_has_no_line_is_told_without_one() -> None:
    assert told(Problem("configuration", 0, 0, "", "empty"), "warning") == (
        "configuration: warning: empty"
    )


def test_a_file_that_has_changed_or_gone_meanwhile_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one line\n")
    assert told(Problem(str(path), 7, 1, "a", "wrong"), "error").endswith(": a: wrong")
    path.unlink()
    assert told(Problem(str(path), 1, 1, "a", "wrong"), "error").endswith(": a: wrong")


def test_a_password_in_the_line_at_fault_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("a: {pfx: a.pfx, password: hunter2, x: 1}\nb: {Password: {env: PW}}\n")
    shown = told(Problem(str(file), 1, 27, "a.password", "never written here"), "error")
    assert "a: {pfx: a.pfx, password: *******, x: 1}" in shown
    assert "{env: PW}" in told(Problem(str(file), 2, 1, "b", "no good"), "error")
