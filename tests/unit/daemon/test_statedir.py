"""What survives a start: the epoch never repeats, the memory is whole, and one directory has one daemon."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twin.daemon.statedir import StateDirectory
from twin.domain.errors import TwinError


def test_each_start_has_a_larger_epoch_than_the_one_before(tmp_path: Path) -> None:
    epochs = []
    for _ in range(3):
        directory = StateDirectory(tmp_path, "demo")
        epochs.append(directory.next_epoch())
        directory.close()
    assert epochs == [1, 2, 3]


def test_an_epoch_is_used_up_even_when_the_process_is_killed_at_once(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from twin.daemon.statedir import StateDirectory;"
        " print(StateDirectory(Path(sys.argv[1]), 'demo').next_epoch(), flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "1\n")
    again = StateDirectory(tmp_path, "demo")  # the lock went with the process
    assert again.next_epoch() == 2
    again.close()


@pytest.mark.parametrize("content", [b"", b"\x00\x00", b"seven", b"\xff\xfe", b"-3", b"1.5"])
def test_an_epoch_that_cannot_be_read_is_no_reason_to_begin_at_one(tmp_path: Path, content: bytes) -> None:
    directory = StateDirectory(tmp_path, "demo")
    (directory.path / "epoch").write_bytes(content)
    with pytest.raises(TwinError, match="epoch") as refused:
        directory.next_epoch()
    assert str(directory.path / "epoch") in refused.value.where
    assert refused.value.fix
    directory.close()


def test_a_second_daemon_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path, "demo")
    with pytest.raises(TwinError, match="another daemon") as refused:
        StateDirectory(tmp_path, "demo")
    assert "TWIN_STATE_DIR" in refused.value.fix
    first.close()
    first.close()
    StateDirectory(tmp_path, "demo").close()


def test_two_sites_do_not_share_a_directory(tmp_path: Path) -> None:
    north, south = StateDirectory(tmp_path, "north"), StateDirectory(tmp_path, "south")
    assert (north.next_epoch(), north.next_epoch(), south.next_epoch()) == (1, 2, 1)
    north.close()
    south.close()


def test_the_memory_of_the_last_run_is_there_again(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path, "demo")
    assert first.load_memory() == b""
    first.save_memory(b"a long memory")
    first.save_memory(b"short")
    first.close()
    second = StateDirectory(tmp_path, "demo")
    assert second.load_memory() == b"short"
    second.close()


def test_what_was_half_written_when_the_power_went_is_not_read(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "demo")
    directory.save_memory(b"whole")
    directory.next_epoch()
    for torn in ("memory.1.new", "epoch.new"):
        (directory.path / torn).write_bytes(b"\x93ha")
    assert directory.load_memory() == b"whole"
    assert directory.next_epoch() == 2
    directory.close()


def test_a_memory_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "demo")
    directory.save_memory(b"old")
    (directory.path / "memory.1.new").mkdir()  # stands in for a full disk: the first step of the writing fails
    with pytest.raises(OSError):
        directory.save_memory(b"new")
    assert directory.load_memory() == b"old"
    directory.close()


def test_a_memory_of_another_version_is_not_ours(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "demo")
    (directory.path / "memory.2.msgpack").write_bytes(b"from the future")
    assert directory.load_memory() == b""
    directory.close()


def test_the_directory_is_closed_to_other_accounts(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path / "new", "demo")
    assert stat.S_IMODE(directory.path.stat().st_mode) & 0o077 == 0
    directory.close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TwinError, match="cannot be used") as refused:
        StateDirectory(tmp_path / "file", "demo")
    assert str(tmp_path / "file") in refused.value.where


def test_clearing_forgets_the_state_and_leaves_other_files(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "demo")
    directory.next_epoch()
    directory.save_memory(b"x")
    (directory.path / "notes.txt").write_text("mine")
    directory.clear()
    assert (directory.next_epoch(), directory.load_memory()) == (1, b"")
    assert (directory.path / "notes.txt").exists()
    with pytest.raises(TwinError):
        StateDirectory(tmp_path, "demo")  # still ours
    directory.close()


def test_a_session_is_remembered_from_the_first_connection_on(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "demo")
    assert not directory.had_session
    directory.note_session()
    directory.close()
    again = StateDirectory(tmp_path, "demo")
    assert again.had_session
    again.clear()
    assert not again.had_session
    again.close()
