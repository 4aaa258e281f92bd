"""The site as its owner describes it: topology and ratings, already checked, every value with its unit."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.chillers import ChillerCurve, ReformulatedCurve


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
class DxCoil:
    """Direct expansion in place of chilled water: rated at 19.4 degC entering wet bulb and 35 degC outdoors.

    `economiser_cop` > 0: below `economiser_full_c` outdoors pumped refrigerant carries all heat, above
    `economiser_off_c` none.
    """

    cop_rated: float
    least_speed_frac: float
    economiser_cop: float
    economiser_full_c: float
    economiser_off_c: float


@dataclass(frozen=True, slots=True)
class OutsideAir:
    """An air-side economiser. In a humid climate it keeps to a dew point and compares enthalpies, else dry bulbs."""

    most_frac: float
    humid_climate: bool
    most_dew_c: float
    least_dew_c: float
    pad_frac: float  # effectiveness of a wetted pad in the outside air, 0 without
    filter_pa: float  # at full air flow


@dataclass(frozen=True, slots=True)
class RearDoors:
    """Water coils behind the racks of a hall, all together, sized by their design point."""

    design_w: float
    design_exhaust_c: float
    design_leaving_c: float
    design_water_in_c: float
    design_water_out_c: float


@dataclass(frozen=True, slots=True)
class CrahGroup:
    """Equal air handlers of one hall, all healthy ones running at one speed.

    The coil's UA follows from its design point: air and water temperatures at `design_w`. With `dx` the handlers are
    direct-expansion units and the chilled-water temperatures mean nothing.
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
    dx: DxCoil | None = None


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
    liquid_frac: float = 0.0  # share of the racks' heat that coolant catches
    outside_air: OutsideAir | None = None
    rear_doors: RearDoors | None = None

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
    own_curve: ChillerCurve | ReformulatedCurve | None = None  # of the site file, in place of the catalogue's


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
class WaterEconomiser:
    """A plate exchanger that cools chilled-water return with condenser water, upstream of the chillers.

    `tower_approach_k`: how much colder than the chilled-water setpoint the tower is asked to be while it is in use.
    """

    design_w: float
    design_return_c: float
    design_cw_in_c: float
    approach_k: float
    tower_approach_k: float


@dataclass(frozen=True, slots=True)
class WaterPlant:
    """The chilled-water plant from header to tower."""

    chillers: ChillerBank
    chw_pumps: Pumps
    cw_pumps: Pumps
    towers: TowerBank
    buffer_m3: float
    loop_m3: float
    economiser: WaterEconomiser | None = None


@dataclass(frozen=True, slots=True)
class CoolantUnits:
    """Equal coolant distribution units of one hall, or equal immersion tanks (`is_tank`).

    Sized by the design point; of a tank, `coolant_supply_c` and `coolant_return_c` are what leaves and enters its
    exchanger. They share the hall's liquid heat by `design_w`.
    """

    ids: tuple[str, ...]
    hall: str
    is_tank: bool
    design_w: float
    facility_in_c: float
    facility_out_c: float
    coolant_supply_c: float
    coolant_return_c: float
    volume_j_k: float  # of one: coolant, and in a tank the servers too
    pump_w: float
    fouling_frac: float
    dew_margin_k: float
    setpoint_c: float


@dataclass(frozen=True, slots=True)
class Coolers:
    """Equal machines that reject the heat of facility water: open tower cells, or dry coolers with or without a pad.

    `design_air_c` is the wet bulb for towers, the dry bulb for dry coolers.
    """

    ids: tuple[str, ...]
    design_w: float
    design_in_c: float
    design_out_c: float
    design_air_c: float
    fan_w: float
    pad_frac: float
    pad_above_c: float


@dataclass(frozen=True, slots=True)
class LiquidCooling:
    """Facility water from the coolant units to what takes its heat: `chilled_water`, `towers` or `dry_coolers`."""

    units: tuple[CoolantUnits, ...]
    sink: str
    coolers: Coolers | None
    loop_m3: float
    head_pa: float
    efficiency_frac: float
    setpoint_c: float


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
class Battery:
    """Storage of the site beside the UPS; powers at its converter's terminals, rates in capacities per hour."""

    id: str
    energy_j: float
    charge_efficiency_frac: float
    discharge_efficiency_frac: float
    charge_rate_c: float
    discharge_rate_c: float
    least_frac: float
    most_frac: float
    idle_w: float
    auxiliary_frac: float


@dataclass(frozen=True, slots=True)
class SolarArray:
    """Modules of one plane and their inverter. `mount` names the thermal behaviour."""

    id: str
    rated_w: float
    mount: str
    tilt_deg: float
    facing_deg: float  # 180 is south
    per_k: float
    loss_frac: float
    inverter_w: float


@dataclass(frozen=True, slots=True)
class Generators:
    """Standby sets: they carry the site without a mains, and nothing is optimised on them."""

    ids: tuple[str, ...]
    rated_w: float
    least_load_frac: float


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
    batteries: tuple[Battery, ...] = ()
    solar: tuple[SolarArray, ...] = ()
    generators: Generators | None = None
    ups_carries_cooling: bool = True  # air handler fans and chilled-water pumps run on the UPS


@dataclass(frozen=True, slots=True)
class Facility:
    """A whole site, as compiled by the model and shown by `twin config show`."""

    site: str
    name: str
    altitude_m: float
    halls: tuple[Hall, ...]
    plant: WaterPlant
    power: PowerChain
    liquid: LiquidCooling | None = None
    latitude_deg: float = 0.0
    longitude_deg: float = 0.0


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
