"""R28: whatever happens to a line of a site file, the answer is a site or problems with file and line, no crash."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.chaos.promise import Promise, scaled
from twin.domain.errors import ConfigError, Problem
from twin.shipped import shipped_config
from twin.sitefile.load import load_site
from twin.sitefile.schema import FILES

MUTATED = scaled(200, 5_000)
SITES = {site: shipped_config(site) for site in ("demo", "site.full")}
HOW = ("delete", "double", "cut", "splice", "value", "swap")
ODD = ("-1", "0", "1e308", "nan", "inf", "true", '""', "[]", "{}", "1979-05-27", '"{n:9}"', '"{"', "99999999999")
PIECES = (*"{}[]\"'=.#,+/\\-_0e9 \t", "é", "漢", "\u202e", "\x7f", "\U0001f600")


def mutated(lines: list[str], chance: Random) -> tuple[str, list[str]]:
    """What was done, and the text with one line deleted, doubled, cut, spliced, swapped or given another value."""
    lines, at, how = list(lines), chance.randrange(len(lines)), chance.choice(HOW)
    line, cut = lines[at], chance.randint(0, len(lines[at]))
    match how:
        case "delete":
            del lines[at]
        case "double":
            lines.insert(at, line)
        case "cut":
            lines[at] = line[:cut]
        case "splice":
            lines[at] = line[:cut] + "".join(chance.choices(PIECES, k=chance.randint(1, 6))) + line[cut:]
        case "value":
            lines[at] = f"{line.partition('=')[0]}= {chance.choice(ODD)}"
        case _:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], line
    return how, lines


def faults(directory: Path) -> list[str] | None:
    """What is wrong with the answer to a site directory; None when it is taken."""
    try:
        load_site(directory)
    except ConfigError as error:
        poor = [f"{p.file}:{p.line} {p.message!r}, {p.fix!r}" for p in error.problems if not _sound(p, directory)]
        return poor if error.problems else ["refused without a word"]
    return None


def _sound(problem: Problem, directory: Path) -> bool:
    length = len((directory / problem.file).read_text(encoding="utf-8").splitlines())
    return bool(1 <= problem.line <= max(1, length) and problem.message and problem.fix)


def test_r28_a_mutated_file_is_refused_with_file_and_line_or_is_still_a_site(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for site, home in SITES.items():
        shutil.copytree(home, tmp_path / site)
    for seed in range(MUTATED):
        chance = Random(seed)
        site, name = chance.choice(sorted(SITES)), chance.choice(sorted(FILES))
        home, file = SITES[site], tmp_path / site / name
        how, lines = mutated((home / name).read_text(encoding="utf-8").splitlines(), chance)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        found = faults(tmp_path / site)
        shutil.copy(home / name, file)
        counts["taken" if found is None else "refused"] += 1
        wrong += [f"seed {seed}, {how} in {site}/{name}: {fault}" for fault in found or ()]
    assert counts["refused"] > 0.3 * MUTATED
    promised(
        Promise("R28", MUTATED, len(wrong), "0 without file, line, words and a way to mend it", not wrong),
        **counts,
        first="; ".join(wrong[:3]),
    )
