"""What the next period is expected to bring. For now: that it goes on as it is, with a load step that may come."""

from __future__ import annotations

from twin.domain.facility import Tariff
from twin.domain.site import ControlSettings
from twin.domain.state import Forecast, State


def persistence(state: State, control: ControlSettings, tariff: Tariff) -> Forecast:
    """Load and weather as they are; price and carbon of this instant."""
    return Forecast(
        it_w=state.halls.it_w,
        wet_bulb_c=state.plant.wet_bulb_c,
        outdoor_c=state.plant.outdoor_c,
        it_step_frac=control.it_step_frac,
        price_per_kwh=tariff.price_per_kwh(state.now_ns),
        carbon_kg_per_kwh=tariff.carbon_kg_per_kwh,
    )
