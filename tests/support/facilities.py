"""The reference facility of the test suite, built by hand: 1.5 MW of IT in two halls, with the ratings that the
whole-plant table of docs/reference/equations.md was computed for."""

from __future__ import annotations

from dataclasses import replace

from twin.domain.facility import (
    ChillerBank,
    CrahGroup,
    Facility,
    Hall,
    PowerChain,
    Pumps,
    Rack,
    ServerFleet,
    Tariff,
    TariffBand,
    TowerBank,
    Ups,
    UpsCurve,
    WaterPlant,
)

MODERN_FLEET = ServerFleet(
    name="modern",
    reference_c=23.0,
    speed_start_c=23.0,
    leakage_per_k=0.0020,
    fan_share_frac=0.010,
    speed_per_k=0.050,
    max_speed_ratio=2.5,
    rise_k=12.0,
)

DOUBLE_CONVERSION = UpsCurve(constant=0.0085, linear=0.0085, square=0.0175)
ECO = UpsCurve(constant=0.0035, linear=0.0025, square=0.0035)


def a_hall(hall_id: str, *, racks: int = 100, rack_w: float = 7500.0, crahs: int = 12, needed: int = 10) -> Hall:
    """One hall of equal racks, its heat capacities in proportion to them."""
    share = racks / 100.0
    return Hall(
        id=hall_id,
        racks=tuple(Rack(id=f"{hall_id}-r{n:03d}", rated_w=rack_w) for n in range(1, racks + 1)),
        fleet=MODERN_FLEET,
        crah=CrahGroup(
            ids=tuple(f"{hall_id}-crah-{n:02d}" for n in range(1, crahs + 1)),
            needed=needed,
            design_w=100e3,
            design_flow_m3_s=7.14,
            design_fan_w=5900.0,
            design_return_c=35.0,
            design_supply_c=23.0,
            design_chw_in_c=15.0,
            design_chw_out_c=21.0,
            air_to_water_ha_ratio=0.5,
            min_fan_frac=0.3,
            max_fan_frac=1.0,
        ),
        air_capacity_j_k=2.9e6 * share,
        metal_capacity_j_k=24e6 * share,
        metal_to_air_ua_ratio=0.8,
        envelope_ua_w_k=500.0 * share,
        lights_w=5000.0 * share,
        bypass_frac=0.05,
        flow_margin_ratio=1.10,
    )


def reference_facility(*, halls: int = 2, racks: int = 100) -> Facility:
    """The facility of the whole-plant table: base case 12/24/20 with IT 1500 kW gives a total near 1933 kW."""
    return Facility(
        site="reference",
        name="Reference facility",
        altitude_m=0.0,
        halls=tuple(a_hall(f"h{n}", racks=racks) for n in range(1, halls + 1)),
        plant=WaterPlant(
            chillers=ChillerBank(
                ids=("ch-1", "ch-2", "ch-3"),
                needed=2,
                curve="carrier-19xr-1234kw",
                capacity_w=1_234_300.0,
                cop_rated=5.39,
                auxiliary_w=0.0,  # the table has none; a real site runs about 15 kW for each running chiller
                lift_extension_frac=0.5,
                stage_up_frac=0.85,
                stage_down_frac=0.60,
                restart_s=240.0,
            ),
            chw_pumps=Pumps(
                head_pa=250e3, efficiency_frac=0.70, heat_to_water_frac=0.9, design_range_k=6.0, fixed_flow_kg_s=0.0
            ),
            cw_pumps=Pumps(
                head_pa=200e3, efficiency_frac=0.75, heat_to_water_frac=0.9, design_range_k=5.56, fixed_flow_kg_s=38.61
            ),
            towers=TowerBank(
                ids=("ct-1", "ct-2", "ct-3"),
                needed=2,
                design_w=1.2e6,
                design_in_c=35.0,
                design_out_c=29.44,
                design_wet_bulb_c=25.55,
                fan_w=18e3,
                min_fan_frac=0.2,
                basin_j_k=1.0e8,  # whole bank, about 24 m3
            ),
            buffer_m3=15.0,
            loop_m3=10.0,
        ),
        power=PowerChain(
            ups=tuple(
                Ups(
                    id=f"ups-{side}",
                    modules=10,
                    module_w=200e3,
                    double_conversion=DOUBLE_CONVERSION,
                    eco=ECO,
                    autonomy_s=600.0,
                )
                for side in ("a", "b")
            ),
            transformers=2,
            transformer_va=2.5e6,
            transformer_no_load_w=2790.0,
            transformer_load_loss_w=19e3,
            power_factor=0.97,
            pdu_loss_frac=0.01,
        ),
    )


def small_facility() -> Facility:
    """One hall of ten racks on the same plant: for tests that read every value by eye."""
    return replace(reference_facility(halls=1), site="small", halls=(a_hall("h1", racks=10, crahs=3, needed=2),))


def reference_tariff() -> Tariff:
    """Peak, flat and valley at 1.2, 0.7 and 0.3 a kWh, local time UTC+8."""
    return Tariff(
        currency="CNY",
        utc_offset_h=8.0,
        bands=(
            TariffBand("valley", 0.0, 8.0, 0.3),
            TariffBand("peak", 10.0, 12.0, 1.2),
            TariffBand("peak", 18.0, 22.0, 1.2),
            TariffBand("flat", 0.0, 24.0, 0.7),
        ),
        demand_charge_per_kw_month=40.0,
        carbon_kg_per_kwh=0.55,
    )
