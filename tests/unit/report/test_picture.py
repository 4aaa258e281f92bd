"""The picture is a file that others can open, of any day, however short."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest

from tests.unit.report.builders import a_day, a_summary
from twin.report.picture import draw


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of different length, drawn once."""
    path = tmp_path_factory.mktemp("picture") / "day.png"
    draw(a_day("reset_rules", steps=24), a_day(steps=20, summary=a_summary(facility_kwh=950.0)), path)
    return path


def test_the_picture_is_a_whole_png(picture: Path) -> None:
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content[-8:-4] == b"IEND"
    height, width, _ = matplotlib.image.imread(picture).shape
    assert (width, height) == (1320, 770)


def test_the_picture_shows_something(picture: Path) -> None:
    pixels = matplotlib.image.imread(picture)
    assert 0.02 < (pixels[..., :3] < 0.95).any(axis=2).mean() < 0.9


def test_a_day_of_one_cycle_has_a_picture_in_the_form_its_suffix_names(tmp_path: Path) -> None:
    draw(a_day("reset_rules", steps=1), a_day(steps=1), tmp_path / "day.svg")
    assert b"<svg" in (tmp_path / "day.svg").read_bytes()[:1000]


def test_a_place_that_cannot_be_written_is_an_error_and_leaves_no_figure_open(tmp_path: Path) -> None:
    from matplotlib import pyplot

    with pytest.raises(OSError):
        draw(a_day("reset_rules"), a_day(), tmp_path / "no" / "day.svg")
    assert pyplot.get_fignums() == []
