"""Plants one defect in a copy of the packages and lets the judge hunt there; the working copy stays as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import twin.kernels._jit  # noqa: F401  it says where compiled kernels are kept
from tests.judge.mutants import MUTANTS, Mutant

REPOSITORY = Path(__file__).resolve().parents[2]
# in this order after the one that the mutant names, so many seeds of each
SWEEP = {"cycles": 24, "runs": 60, "orders": 40, "forged": 6, "masters": 60, "replays": 12}
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of a mutant: the hunt and the rule that saw it, "" when none did."""

    name: str
    hunt: str
    rule: str
    words: str


def stands_once(mutant: Mutant) -> bool:
    """Whether its old text is still there, and there once."""
    return (REPOSITORY / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1


def caught(mutant: Mutant) -> Caught:
    """Plant it, hunt, and tell what was seen."""
    with tempfile.TemporaryDirectory() as place:
        _plant(mutant, Path(place))
        order = [mutant.hunt, *(hunt for hunt in SWEEP if hunt != mutant.hunt)]
        for hunt in order:
            told = _hunt(Path(place), hunt)
            if told is not None:
                return Caught(mutant.name, hunt, told[0], told[1])
    return Caught(mutant.name, "", "", "")


def _plant(mutant: Mutant, place: Path) -> None:
    """Copies of what may be mutated; of `twin` only what the mutant touches, the rest is found where it is."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("controllers", "deploy"):
        shutil.copytree(REPOSITORY / name, place / name, ignore=ignore)
    (place / "configs").symlink_to(REPOSITORY / "configs")
    (place / "twin").mkdir()
    begins = (REPOSITORY / "twin" / "__init__.py").read_text(encoding="utf-8")
    elsewhere = f"\n__path__.append({str(REPOSITORY / 'twin')!r})\n"
    (place / "twin" / "__init__.py").write_text(begins + elsewhere, encoding="utf-8")
    shutil.copy(REPOSITORY / "twin" / "shipped.py", place / "twin")  # it tells where the receiver is
    if mutant.file.startswith("twin/"):
        package = Path(mutant.file).parent
        shutil.copytree(REPOSITORY / package, place / package, ignore=ignore)
    target = place / mutant.file
    text = target.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.name}: {mutant.old!r} stands {text.count(mutant.old)} times"
    target.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def _hunt(place: Path, hunt: str) -> tuple[str, str] | None:
    """Rule and words of the first broken rule; a program that breaks down was seen as well."""
    path = os.pathsep.join((str(place), str(REPOSITORY)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.judge.hunt", hunt, "--count", str(SWEEP[hunt]), "--until-wrong"],
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode == 0:
        return None
    if not done.stdout.startswith("{"):
        return "broke down", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    told = json.loads(done.stdout)
    return told["rules"][0], told["first"][0]


def main() -> None:
    """Print what becomes of the mutants whose name holds a word, of all without one."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    for mutant in MUTANTS:
        if word in mutant.name:
            found = caught(mutant)
            print(f"{found.name:40} {found.hunt or 'NOT SEEN':10} {found.words[:120]}", flush=True)


if __name__ == "__main__":
    main()
