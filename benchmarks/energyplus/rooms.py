"""Halls: a box with light walls, its servers, its lights, and the heat of the power chain that ends in it."""

from __future__ import annotations

from benchmarks.energyplus.objects import Fields, Model, constant, cubic, merged
from benchmarks.energyplus.sizes import AIR_J_KG_K, Sizes, density_kg_m3
from twin.domain.facility import Facility, Hall, ServerFleet

LENGTH_M, WIDTH_M, HEIGHT_M = 30.0, 20.0, 4.0  # 2400 m3; the engine's only geometry
INSIDE_FILM_W_M2_K = 5.0  # about what the engine finds at these walls; most of the resistance is in the wall


def rooms(facility: Facility, sizes: Sizes, load_file: str) -> Model:
    """Both halls with everything that warms them."""
    shared: Model = {
        "Schedule:Constant": {"always": constant(1.0)},
        "Schedule:File": {
            "it load": {
                "file_name": load_file,
                "column_number": 1,
                "rows_to_skip_at_top": 0,
                "number_of_hours_of_data": 8760,
                "minutes_per_item": 60,
                "adjust_schedule_for_daylight_savings": "No",
            }
        },
        "Construction": {"light wall": {"outside_layer": "insulation"}, "inert": {"outside_layer": "insulation"}},
        "GlobalGeometryRules": {
            "rules": {
                "starting_vertex_position": "UpperLeftCorner",
                "vertex_entry_direction": "Counterclockwise",
                "coordinate_system": "World",
            }
        },
    }
    walls: Model = {
        "Material:NoMass": {
            "insulation": {"roughness": "Smooth", "thermal_resistance": _wall_m2_k_w(facility.halls[0])}
        },
        # outside: the outdoor dry bulb and nothing else, without sun, sky or wind
        "SurfaceProperty:OtherSideCoefficients": {
            "outdoor air": {
                "combined_convective_radiative_film_coefficient": 20.0,
                "constant_temperature_coefficient": 0.0,
                "external_dry_bulb_temperature_coefficient": 1.0,
            }
        },
    }
    halls = [_hall(hall, sizes, 100.0 * i) for i, hall in enumerate(facility.halls)]
    fleets = {hall.fleet.name: hall.fleet for hall in facility.halls}
    return merged([shared, walls, *(_fleet(fleet) for fleet in fleets.values()), *halls])


def _wall_m2_k_w(hall: Hall) -> float:
    """Resistance of the wall itself so that the four of them, films included, pass `envelope_ua_w_k`."""
    area_m2 = 2.0 * (LENGTH_M + WIDTH_M) * HEIGHT_M
    return area_m2 / hall.envelope_ua_w_k - 1.0 / 20.0 - 1.0 / INSIDE_FILM_W_M2_K


def _fleet(fleet: ServerFleet) -> Model:
    """CPU power, air flow and fan power; x is the CPU load, always 1 here, y the inlet temperature.

    The fleet's law splits into leakage, which sits in the CPU, and the cube of the fan. The air flow has a kink, so it
    is a table with straight lines between its corners.
    """
    name = fleet.name
    stop_c = fleet.speed_start_c + (fleet.max_speed_ratio - 1.0) / fleet.speed_per_k
    leak = fleet.leakage_per_k / (1.0 - fleet.fan_share_frac)
    straight: Fields = {"interpolation_method": "Linear"}  # left out, the engine draws cubics
    flat = {"coefficient2_x": 0.0, "coefficient3_x_2": 0.0, "coefficient5_y_2": 0.0, "coefficient6_x_y": 0.0}
    box = {"minimum_value_of_x": 0.0, "maximum_value_of_x": 1.0, "minimum_value_of_y": 5.0, "maximum_value_of_y": 60.0}
    speeds = (1.0, 1.0, fleet.max_speed_ratio, fleet.max_speed_ratio)
    return {
        "Curve:Biquadratic": {
            f"{name} cpu": {
                "coefficient1_constant": 1.0 - leak * fleet.reference_c,
                "coefficient4_y": leak,
                **flat,
                **box,
            }
        },
        "Curve:Cubic": {f"{name} fan": cubic(0.0, 0.0, 0.0, 1.0, high=fleet.max_speed_ratio)},
        "Table:IndependentVariable": {
            f"{name} load": straight | {"values": [{"value": 0.0}, {"value": 1.0}]},
            f"{name} inlet": straight
            | {"values": [{"value": t} for t in (5.0, fleet.speed_start_c, stop_c, stop_c + 30.0)]},
        },
        "Table:IndependentVariableList": {
            f"{name} axes": {
                "independent_variables": [
                    {"independent_variable_name": f"{name} load"},
                    {"independent_variable_name": f"{name} inlet"},
                ]
            }
        },
        "Table:Lookup": {
            f"{name} air": {
                "independent_variable_list_name": f"{name} axes",
                "values": [{"output_value": speed} for speed in (*speeds, *speeds)],
            }
        },
    }


def _hall(hall: Hall, sizes: Sizes, x_m: float) -> Model:
    fleet = hall.fleet
    air_j_k = LENGTH_M * WIDTH_M * HEIGHT_M * sizes.standard_air_kg_m3 * AIR_J_KG_K
    return {
        "Zone": {hall.id: {}},
        "BuildingSurface:Detailed": _surfaces(hall.id, x_m),
        # the engine has no server metal: its heat capacity is put on the air's
        "ZoneCapacitanceMultiplier:ResearchSpecial": {
            f"{hall.id} mass": {
                "zone_or_zonelist_name": hall.id,
                "temperature_capacity_multiplier": (hall.air_capacity_j_k + hall.metal_capacity_j_k) / air_j_k,
            }
        },
        "ElectricEquipment:ITE:AirCooled": {
            f"{hall.id} it": {
                "zone_or_space_name": hall.id,
                "air_flow_calculation_method": "FlowFromSystem",
                "design_power_input_calculation_method": "Watts/Unit",
                "watts_per_unit": hall.rated_it_w / len(hall.racks),
                "number_of_units": len(hall.racks),
                "design_power_input_schedule_name": "it load",
                "cpu_loading_schedule_name": "always",
                "cpu_power_input_function_of_loading_and_air_temperature_curve_name": f"{fleet.name} cpu",
                "design_fan_power_input_fraction": fleet.fan_share_frac,
                "design_fan_air_flow_rate_per_power_input": 1.0
                / (fleet.rise_k * AIR_J_KG_K * density_kg_m3(sizes.pressure_pa, fleet.reference_c, 0.008)),
                "air_flow_function_of_loading_and_air_temperature_curve_name": f"{fleet.name} air",
                "fan_power_input_function_of_flow_curve_name": f"{fleet.name} fan",
                "design_entering_air_temperature": fleet.reference_c,
                "environmental_class": "A1",
                "air_inlet_connection_type": "AdjustedSupply",
                "design_recirculation_fraction": 0.0,
                "supply_air_node_name": f"{hall.id} zone in",
            }
        },
        "Lights": {f"{hall.id} lights": _heat(hall.id) | {"lighting_level": hall.lights_w}},
        # UPS and distribution losses: set every step by the local loops
        "ElectricEquipment": {f"{hall.id} power chain": _heat(hall.id) | {"design_level": 1000.0}},
        # vapour in or out until the hall is as humid as wanted, without energy; also set by the local loops
        "OtherEquipment": {
            f"{hall.id} humidity": _heat(hall.id) | {"fuel_type": "None", "design_level": 1.0, "fraction_latent": 1.0}
        },
    }


def _heat(zone: str) -> Fields:
    return {"zone_or_zonelist_or_space_or_spacelist_name": zone, "schedule_name": "always"}


def _surfaces(zone: str, x_m: float) -> dict[str, Fields]:
    """Floor and roof adiabatic; four walls to the outdoor air."""
    a, b, h = LENGTH_M, WIDTH_M, HEIGHT_M
    corners = ((0.0, 0.0), (a, 0.0), (a, b), (0.0, b))
    surfaces: dict[str, Fields] = {}
    for i, (start, end) in enumerate(zip(corners, corners[1:] + corners[:1], strict=True)):
        surfaces[f"{zone} wall {i + 1}"] = _surface(
            zone, "Wall", x_m, [(*start, h), (*start, 0.0), (*end, 0.0), (*end, h)]
        )
    surfaces[f"{zone} roof"] = _surface(zone, "Roof", x_m, [(*c, h) for c in corners])
    surfaces[f"{zone} floor"] = _surface(zone, "Floor", x_m, [(*c, 0.0) for c in reversed(corners)])
    return surfaces


def _surface(zone: str, kind: str, x_m: float, vertices: list[tuple[float, float, float]]) -> Fields:
    wall = kind == "Wall"
    beyond: Fields = (
        {
            "outside_boundary_condition": "OtherSideCoefficients",
            "outside_boundary_condition_object": "outdoor air",
        }
        if wall
        else {"outside_boundary_condition": "Adiabatic"}
    )
    return beyond | {
        "surface_type": kind,
        "construction_name": "light wall" if wall else "inert",
        "zone_name": zone,
        "sun_exposure": "NoSun",
        "wind_exposure": "NoWind",
        "vertices": [
            {"vertex_x_coordinate": x + x_m, "vertex_y_coordinate": y, "vertex_z_coordinate": z} for x, y, z in vertices
        ],
    }
