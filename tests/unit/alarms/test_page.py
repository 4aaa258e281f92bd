"""The reference names every kind of alarm with the delays and the action it has in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.alarms.kinds import KINDS
from twin.alarms.roots import BEHIND

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "alarms.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """Cells of a table by its first one."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def test_every_kind_stands_there_once() -> None:
    assert set(rows("All of them")) == set(rows("What to do")) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_delays_and_action_are_those_of_the_code(name: str) -> None:
    kind = KINDS[name]
    _, _, on, off, *hides = rows("All of them")[name]
    assert [on, off] == [f"{s:g} s" if s < 60 else f"{s / 60:g} min" for s in (kind.on_s, kind.off_s)]
    assert rows("What to do")[name] == [kind.action]
    assert all(f"`{hidden}`" in "".join(hides) for hidden in BEHIND.get(name, ()))
