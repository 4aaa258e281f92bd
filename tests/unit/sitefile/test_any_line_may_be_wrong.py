"""Law: whatever happens to one line of a site file, the answer is a Site or problems with lines, never a crash."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.domain.errors import ConfigError
from twin.shipped import shipped_config
from twin.sitefile.load import load_site
from twin.sitefile.schema import FILES

EXAMPLES = 5000 if os.environ.get("TWIN_TEST_SCALE") == "nightly" else 200
SITES = {site: shipped_config(site) for site in ("demo", "site.full")}
LINES = {
    (site, name): (home / name).read_text(encoding="utf-8").splitlines()
    for site, home in SITES.items()
    for name in FILES
}


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as base:
        for site, home in SITES.items():
            shutil.copytree(home, Path(base) / site)
        yield Path(base)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str, str]:
    """Site, file and its text with one line deleted, doubled, cut, spliced, or given another value."""
    site, name = draw(st.sampled_from(sorted(LINES)))
    lines = list(LINES[site, name])
    at = draw(st.integers(0, len(lines) - 1))
    line = lines[at]
    how = draw(st.sampled_from(("delete", "double", "cut", "splice", "value", "swap")))
    if how == "delete":
        del lines[at]
    elif how == "double":
        lines.insert(at, line)
    elif how == "cut":
        lines[at] = line[: draw(st.integers(0, len(line)))]
    elif how == "splice":
        cut = draw(st.integers(0, len(line)))
        alphabet = st.one_of(st.sampled_from("{}[]\"'=.#,+/\\-_0e9 \t"), st.characters(codec="utf-8"))
        lines[at] = line[:cut] + draw(st.text(alphabet, min_size=1, max_size=6)) + line[cut:]
    elif how == "value":
        odd = (
            "-1",
            "0",
            "1e308",
            "nan",
            "inf",
            "true",
            '""',
            "[]",
            "{}",
            "1979-05-27",
            '"{n:9}"',
            '"{"',
            "99999999999",
        )
        lines[at] = f"{line.partition('=')[0]}= {draw(st.sampled_from(odd))}"
    else:
        other = draw(st.integers(0, len(lines) - 1))
        lines[at], lines[other] = lines[other], line
    return site, name, "\n".join(lines) + "\n"


@given(mutation=mutations())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_line_may_be_wrong(directory: Path, mutation: tuple[str, str, str]) -> None:
    site, name, text = mutation
    copy = directory / site
    (copy / name).write_text(text, encoding="utf-8")
    try:
        load_site(copy)
    except ConfigError as error:
        for problem in error.problems:
            length = len((copy / problem.file).read_text(encoding="utf-8").splitlines())
            assert 1 <= problem.line <= max(1, length)
            assert problem.message
            assert problem.fix
    finally:
        shutil.copy(SITES[site] / name, copy / name)
