"""A chiller's curve: one of a catalogue by name, or the maker's own numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.sitefile.builders import messages, with_changes
from twin.domain.chillers import ChillerCurve, ReformulatedCurve
from twin.shipped import shipped_config


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_config("site.full"), tmp_path / "site"))


def test_a_chiller_may_have_a_curve_of_its_own(site: Path) -> None:
    bank = with_changes(site).plant.chillers
    assert bank.curve == "own"
    assert bank.own_curve == ChillerCurve(
        781e3,
        5.42,
        (4.44, 8.89),
        (15.56, 35.0),
        (0.09, 1.01),
        (1.002148, 0.03300191, 0.000374167, -0.005925358, -2.599267e-05, -0.0002172126),
        (0.4475957, -0.01054652, 0.000712687, 0.01158632, 0.000515151, -0.0009831355),
        (0.2519108, 0.2756914, 0.4725826),
        37.85,
    )


TEN = "[-0.0192249, 0.01026695, -3.079249e-05, 0.1432686, 0.4844691, -0.008952298, 0.0, 0.3774796, 0.0, 0.0]"
REFORMULATED = ('model = "eir"', 'model = "reformulated"'), ("[0.2519108, 0.2756914, 0.4725826]", TEN)


def test_a_reformulated_curve_has_ten_numbers_for_part_load(site: Path) -> None:
    curve = with_changes(site, *REFORMULATED).plant.chillers.own_curve

    assert isinstance(curve, ReformulatedCurve)
    assert curve.leaving_condenser_c == (15.56, 35.0)
    assert (len(curve.eir_part_load), curve.packed().shape) == (10, (29,))


def test_a_reformulated_chiller_is_never_air_cooled(site: Path) -> None:
    found = messages(site, *REFORMULATED, ("condenser_kg_s = 37.85", "air_cooled = true"))
    assert found == ["plant.chillers.curve.air_cooled: the reformulated model is for water-cooled chillers"]


def test_either_catalogue_may_name_the_curve(site: Path) -> None:
    text = (site / "site.toml").read_text()
    own = text[text.index("[plant.chillers.curve]") : text.index("[plant.chw_pumps]")]
    bank = with_changes(site, (own, ""), ("restart_s = 180", 'restart_s = 180\ncurve = "carrier-19xr-1143kw"'))
    assert (bank.plant.chillers.curve, bank.plant.chillers.own_curve) == ("carrier-19xr-1143kw", None)
