"""The site as its owner describes it: topology and ratings, already checked, every value with its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerFleet:
    """How the servers of a hall answer to their inlet temperature.

    Power multiplies by `1 + leakage_per_k*(T - reference_c) + fan_share_frac*(r^3 - 1)`, air flow by
    `r = min(max_speed_ratio, 1 + speed_per_k*max(0, T - speed_start_c))`.
    """

    name: str
    reference_c: float
    speed_start_c: float
    leakage_per_k: float
    fan_share_frac: float
    speed_per_k: float
    max_speed_ratio: float
    rise_k: float  # air temperature rise across the servers at reference_c


@dataclass(frozen=True, slots=True)
class Rack:
    """One rack. `rated_w` is its nameplate IT power."""

    id: str
    rated_w: float


@dataclass(frozen=True, slots=True)
class CrahGroup:
    """Equal chilled-water air handlers of one hall, all healthy ones running at one speed.

    The coil's UA follows from its design point: air and water temperatures at `design_w`.
    """

    ids: tuple[str, ...]
    needed: int  # how many carry the design load; the rest is redundancy
    design_w: float
    design_flow_m3_s: float
    design_fan_w: float
    design_return_c: float
    design_supply_c: float
    design_chw_in_c: float
    design_chw_out_c: float
    air_to_water_ha_ratio: float
    min_fan_frac: float
    max_fan_frac: float


@dataclass(frozen=True, slots=True)
class Hall:
    """One room. Air and metal heat capacities feed the two-node network; flows feed the coil."""

    id: str
    racks: tuple[Rack, ...]
    fleet: ServerFleet
    crah: CrahGroup
    air_capacity_j_k: float
    metal_capacity_j_k: float
    metal_to_air_ua_ratio: float  # G_am / C_IT
    envelope_ua_w_k: float
    lights_w: float
    bypass_frac: float  # share of CRAH flow that never meets a server
    flow_margin_ratio: float  # local aisle-pressure loop: CRAH flow / IT flow

    @property
    def rated_it_w(self) -> float:
        return sum(rack.rated_w for rack in self.racks)


@dataclass(frozen=True, slots=True)
class ChillerBank:
    """Equal water-cooled chillers, each with its own chilled- and condenser-water pump."""

    ids: tuple[str, ...]
    needed: int
    curve: str  # name in the chiller catalogue
    capacity_w: float
    cop_rated: float
    auxiliary_w: float
    lift_extension_frac: float  # weight of the physical lift correction outside the fitted box, 0..1
    stage_up_frac: float  # local staging: one more above this part load
    stage_down_frac: float  # one fewer when the remaining ones would stay below this part load
    restart_s: float


@dataclass(frozen=True, slots=True)
class Pumps:
    """One circuit's pumps: power is flow times head over efficiency.

    `fixed_flow_kg_s` > 0 means a constant flow for each running chiller.
    """

    head_pa: float
    efficiency_frac: float
    heat_to_water_frac: float
    design_range_k: float
    fixed_flow_kg_s: float


@dataclass(frozen=True, slots=True)
class TowerBank:
    """Equal open cooling-tower cells at one speed, sized by their design point."""

    ids: tuple[str, ...]
    needed: int
    design_w: float
    design_in_c: float
    design_out_c: float
    design_wet_bulb_c: float
    fan_w: float
    min_fan_frac: float
    basin_j_k: float


@dataclass(frozen=True, slots=True)
class WaterPlant:
    """The chilled-water plant from header to tower."""

    chillers: ChillerBank
    chw_pumps: Pumps
    cw_pumps: Pumps
    towers: TowerBank
    buffer_m3: float
    loop_m3: float


@dataclass(frozen=True, slots=True)
class UpsCurve:
    """Loss of one module: rated_w * (constant + linear*x + square*x^2), x = output / rated."""

    constant: float
    linear: float
    square: float


@dataclass(frozen=True, slots=True)
class Ups:
    """One side of the power path. Modules share the load equally; `autonomy_s` is the battery at full load."""

    id: str
    modules: int
    module_w: float
    double_conversion: UpsCurve
    eco: UpsCurve
    autonomy_s: float


@dataclass(frozen=True, slots=True)
class PowerChain:
    """From the utility to the rack: transformers, UPS sides (2N share the load), distribution."""

    ups: tuple[Ups, ...]
    transformers: int
    transformer_va: float
    transformer_no_load_w: float
    transformer_load_loss_w: float
    power_factor: float
    pdu_loss_frac: float  # of PDU input


@dataclass(frozen=True, slots=True)
class Facility:
    """A whole site, as compiled by the model and shown by `twin config show`."""

    site: str
    name: str
    altitude_m: float
    halls: tuple[Hall, ...]
    plant: WaterPlant
    power: PowerChain


@dataclass(frozen=True, slots=True)
class TariffBand:
    """Price of a window of the local day, [start_hour, end_hour)."""

    name: str
    start_hour: float
    end_hour: float
    price_per_kwh: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """What energy costs and weighs. Hours are local: UTC plus `utc_offset_h`."""

    currency: str
    utc_offset_h: float
    bands: tuple[TariffBand, ...]
    demand_charge_per_kw_month: float
    carbon_kg_per_kwh: float

    def price_per_kwh(self, now_ns: int) -> float:
        """Price at an instant; the last band also covers what no band names."""
        hour = (now_ns / 3.6e12 + self.utc_offset_h) % 24.0
        for band in self.bands:
            if band.start_hour <= hour < band.end_hour:
                return band.price_per_kwh
        return self.bands[-1].price_per_kwh
