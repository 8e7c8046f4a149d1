"""Sinks: files, descriptors and syslog, and what happens when they are full, slow or gone."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.app.access_log_sinks import MOST_WAITING, DescriptorSink, FileSink, SyslogSink

LINE = '{"line":1}\n'


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield read, write
    for end in (read, write):
        with contextlib.suppress(OSError):  # the test has closed it
            os.close(end)


def read_all(descriptor: int) -> bytes:
    found = b""
    for _ in range(10_000):
        try:
            more = os.read(descriptor, 65536)
        except BlockingIOError:
            break
        if not more:
            break
        found += more
    return found


def test_a_file_is_appended_to_and_readable_by_owner_and_group_only(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("before\n")
    sink = FileSink(str(path))
    sink.open()
    assert sink.write([LINE, LINE]) == 0
    sink.close()
    assert path.read_text() == "before\n" + LINE * 2
    new = FileSink(str(tmp_path / "new.log"))
    new.open()
    new.close()
    assert (tmp_path / "new.log").stat().st_mode & 0o137 == 0


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    sink = FileSink(str(path))
    sink.open()
    sink.write(["old\n"])
    path.rename(tmp_path / "access.log.1")
    sink.write(["still old\n"])
    sink.reopen()
    sink.write(["new\n"])
    sink.close()
    assert (tmp_path / "access.log.1").read_text() == "old\nstill old\n"
    assert path.read_text() == "new\n"


def test_where_a_file_cannot_be_opened_anew_the_old_one_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    sink = FileSink(str(folder / "access.log"))
    sink.open()
    (folder / "access.log").rename(tmp_path / "moved.log")
    folder.rmdir()
    sink.reopen()
    assert "the old file is still used" in sink.trouble
    sink.write([LINE])
    sink.close()
    assert (tmp_path / "moved.log").read_text() == LINE


def test_a_full_disk_loses_records_and_never_raises() -> None:
    sink = FileSink("/dev/full")
    sink.open()
    assert sink.write([LINE] * 3) == 3
    assert sink.trouble == "No space left on device"
    sink.close()


def test_a_pipe_whose_reader_is_slow_never_blocks_and_loses_whole_lines_only(
    pipe: tuple[int, int],
) -> None:
    read, write = pipe
    sink = DescriptorSink(write)
    sink.open()
    line = "x" * 999 + "\n"
    lost = 0
    for _ in range(MOST_WAITING // 1000 // 100 + 4):
        lost = sink.write([line] * 100)
    assert lost > 0
    assert sink.trouble == "its reader is too slow"
    assert os.get_blocking(write), "a descriptor that others share must stay as it is"
    found = b""
    for _ in range(100):
        found += read_all(read)
        sink.write([])
    assert sink.trouble == ""
    found += read_all(read)
    assert set(found.split(b"\n")) == {b"x" * 999, b""}
    assert found.count(b"\n") + lost == (MOST_WAITING // 1000 // 100 + 4) * 100


def test_a_pipe_without_a_reader_loses_records(pipe: tuple[int, int]) -> None:
    read, write = pipe
    sink = DescriptorSink(write)
    sink.open()
    os.close(read)
    assert sink.write([LINE]) == 1
    assert sink.trouble == "Broken pipe"


def test_the_rest_of_a_line_that_was_begun_is_written_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "access.log"
    sink = FileSink(str(path))
    sink.open()
    real, room = os.write, [14]

    def nearly_full(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        done = real(descriptor, data[: room[0]])
        room[0] -= done
        return done

    monkeypatch.setattr(os, "write", nearly_full)
    assert sink.write(["aaaaaaaaa\n", "bbbbbbbbb\n", "ccccccccc\n"]) == 1
    room[0] = 1000
    assert sink.write(["ddddddddd\n"]) == 1
    assert sink.trouble == ""
    sink.close()
    assert path.read_text() == "aaaaaaaaa\nbbbbbbbbb\nddddddddd\n"


def test_syslog_gets_a_datagram_for_each_record(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(path)
        syslog.settimeout(5)
        sink = SyslogSink(path)
        sink.open()
        assert sink.write([LINE, LINE]) == 0
        for _ in range(2):
            told = syslog.recv(65536).decode()
            assert told.startswith("<134>")
            assert told.endswith(f" pointsman[{os.getpid()}]: {LINE[:-1]}")
        sink.close()


def test_syslog_over_udp_is_rfc_5424() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(5)
        sink = SyslogSink(f"127.0.0.1:{syslog.getsockname()[1]}")
        sink.open()
        sink.write([LINE])
        head, when, host, program, pid, *_, message = syslog.recv(65536).decode().split(" ")
        sink.close()
    assert (head, program, pid, message) == ("<134>1", "pointsman", str(os.getpid()), LINE[:-1])
    assert when.endswith("Z")
    assert host


def test_a_syslog_that_was_started_anew_is_found_again(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    first = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    first.bind(path)
    sink = SyslogSink(path)
    sink.open()
    first.close()
    os.unlink(path)
    assert sink.write([LINE]) == 1
    assert sink.trouble
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second:
        second.bind(path)
        second.settimeout(5)
        assert sink.write([LINE]) == 1
        assert second.recv(65536).endswith(LINE[:-1].encode())
    assert sink.trouble == ""
    sink.close()


def test_a_syslog_address_is_a_path_or_host_and_port() -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        SyslogSink("syslog")
