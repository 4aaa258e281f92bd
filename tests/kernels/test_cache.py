"""Where compiled kernels are kept: under their version, in a place of this account, or nowhere with one warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twin.kernels._cache import NOTES, forget_torn, stamp

REPOSITORY = Path(__file__).parents[2]
USE = (
    "import os; from twin.kernels.fans import vfd_fan_ratio; "
    "print(round(vfd_fan_ratio(1.0), 6), os.environ.get('NUMBA_CACHE_DIR'))"
)


def used(**environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", USE],
        cwd=REPOSITORY,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_kernels_are_kept_under_the_version_of_their_sources(tmp_path: Path) -> None:
    done = used(HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    kept = tmp_path / ".cache" / "thermotwin" / "numba" / stamp()
    assert done.stdout.split()[1] == str(kept)
    assert list(kept.rglob("*.nbi"))
    assert kept.stat().st_mode & 0o077 == 0  # what lies there is executed


def test_a_place_of_ones_own_is_used_and_inherited_as_it_is(tmp_path: Path) -> None:
    given = tmp_path / "own"
    assert used(NUMBA_CACHE_DIR=str(given), HOME=str(tmp_path)).stdout.split()[1] == str(given / stamp())
    again = used(NUMBA_CACHE_DIR=str(given / stamp()), HOME=str(tmp_path))
    assert again.stdout.split()[1] == str(given / stamp())


def test_where_nothing_can_be_written_it_works_with_one_warning(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    done = used(HOME=str(blocked), NUMBA_CACHE_DIR=str(blocked / "there"), XDG_CACHE_HOME=str(blocked))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0.9996", "None"]
    assert done.stderr.count("compiled kernels cannot be kept") == 1
    assert "NUMBA_CACHE_DIR" in done.stderr


def test_old_versions_are_forgotten(tmp_path: Path) -> None:
    place = tmp_path / ".cache" / "thermotwin" / "numba"
    for n in range(5):
        (place / f"kernels-{n:016x}").mkdir(parents=True)
    used(HOME=str(tmp_path))
    assert (place / stamp()).exists()
    assert len(list(place.iterdir())) == 3


def test_a_torn_file_is_compiled_anew(tmp_path: Path) -> None:
    place = tmp_path / stamp()
    assert used(NUMBA_CACHE_DIR=str(place), HOME=str(tmp_path)).returncode == 0
    torn = next(place.rglob("*.nbc"))
    whole = torn.read_bytes()
    torn.write_bytes(whole[: len(whole) // 2] + b"\0")
    done = used(NUMBA_CACHE_DIR=str(place), HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "0.9996"
    assert len(torn.read_bytes()) > len(whole) // 2


def test_a_turned_bit_is_not_believed(tmp_path: Path) -> None:
    place = tmp_path / stamp()
    used(NUMBA_CACHE_DIR=str(place), HOME=str(tmp_path))
    before = {path.name for path in place.rglob("*.nb[ic]")}
    torn = bytearray((path := next(place.rglob("*.nbc"))).read_bytes())
    torn[len(torn) // 2] ^= 1
    when = path.stat()
    path.write_bytes(torn)
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))  # a dying disk does not note when
    forget_torn(place)
    assert before - {path.name for path in place.rglob("*.nb[ic]")} == {path.name}


def test_what_another_process_is_still_compiling_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / stamp()
    used(NUMBA_CACHE_DIR=str(place), HOME=str(tmp_path))
    (place / NOTES).unlink()
    before = sorted(place.rglob("*.nb[ic]"))
    forget_torn(place)
    assert sorted(place.rglob("*.nb[ic]")) == before
