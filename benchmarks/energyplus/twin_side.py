"""The twin's side of a run: the same weather, load and setpoints through the compiled site, step by step.

The only file here that calls the model.
"""

from __future__ import annotations

from benchmarks.energyplus.cases import Setpoints
from benchmarks.energyplus.epw import Weather
from benchmarks.energyplus.results import Hourly
from twin.domain.arrays import Floats
from twin.kernels import columns as at
from twin.model.compiled import CompiledSite
from twin.model.drive import Drive
from twin.model.simulate import first_state, run


def twin_inputs(site: CompiledSite, weather: Weather, load_frac: Floats, wish: Setpoints) -> Floats:
    """Inputs of every step, shape (n_step, n_u).

    Args:
        weather: At the end of each step.
        load_frac: IT load at the reference inlet over its rating, in each step, all halls alike, shape (n_step,).
    """
    return Drive(
        outdoor_c=weather.dry_bulb_c,
        wet_bulb_c=weather.wet_bulb_c,
        load_w=load_frac[:, None] * site.halls.rated_w,
        supply_air_c=wish.supply_air_c,
        chws_c=wish.chws_c,
        cws_c=wish.cws_c,
        n=load_frac.size,
    ).rows(site)


def twin_steps(site: CompiledSite, u: Floats, step_s: int) -> Floats:
    """Outputs of every step, shape (n_step, n_y), from stores at their setpoints on."""
    return run(site, first_state(site, u[0]), u, float(step_s))[1]


def twin_hours(site: CompiledSite, weather: Weather, load_frac: Floats, wish: Setpoints, step_s: int) -> Hourly:
    """Hourly means of the whole run."""
    out = twin_steps(site, twin_inputs(site, weather, load_frac, wish), step_s)
    hourly = out.reshape(-1, 3600 // step_s, out.shape[1]).mean(axis=1)
    return Hourly(
        it_w=hourly[:, at.Y_IT],
        chiller_w=hourly[:, at.Y_CHILLER],
        tower_w=hourly[:, at.Y_TOWER],
        pump_w=hourly[:, at.Y_CHW_PUMP] + hourly[:, at.Y_CW_PUMP],
        crah_fan_w=hourly[:, at.Y_AIR_FAN],
        facility_w=hourly[:, at.Y_FACILITY],
        cws_c=hourly[:, at.Y_BASIN],
        running=hourly[:, at.Y_RUNNING],
    )
