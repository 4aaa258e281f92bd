"""Chilled water: equal chillers on one header, variable flow to the coils, a bypass for the least flow."""

from __future__ import annotations

from benchmarks.energyplus.objects import Fields, Model, biquadratic, branch, constant, merged, motor, pipes, quadratic
from benchmarks.energyplus.objects import side as half
from benchmarks.energyplus.sizes import ENGINE_WATER_KG_M3, Sizes
from twin.domain.facility import Facility
from twin.model.chiller_catalogue import CATALOGUE


def stage_schedule(n: int) -> str:
    """Name of the schedule that is 1 while exactly n chillers run."""
    return f"stage {n}"


def chilled_water(facility: Facility, sizes: Sizes, chws_c: float) -> Model:
    """The chillers, their loop, and which of them run together."""
    chillers = facility.plant.chillers.ids
    return merged([_chillers(facility, sizes), _loop(facility, sizes, chws_c), _stages(chillers)])


def _chillers(facility: Facility, sizes: Sizes) -> Model:
    bank = facility.plant.chillers
    curve = CATALOGUE[bank.curve]
    machine: Fields = {
        "reference_capacity": bank.capacity_w,
        "reference_cop": bank.cop_rated,
        "reference_leaving_chilled_water_temperature": 8.89,
        "reference_entering_condenser_fluid_temperature": 26.67,
        "reference_chilled_water_flow_rate": sizes.chiller_water_kg_s / ENGINE_WATER_KG_M3,
        "reference_condenser_fluid_flow_rate": sizes.condenser_kg_s / ENGINE_WATER_KG_M3,
        "cooling_capacity_function_of_temperature_curve_name": "chiller capacity",
        "electric_input_to_cooling_output_ratio_function_of_temperature_curve_name": "chiller eir",
        "electric_input_to_cooling_output_ratio_function_of_part_load_ratio_curve_name": "chiller part load",
        "minimum_part_load_ratio": curve.part_load[0],
        "maximum_part_load_ratio": curve.part_load[1],
        "optimum_part_load_ratio": 1.0,
        "minimum_unloading_ratio": curve.part_load[0],
        "condenser_type": "WaterCooled",
        "fraction_of_compressor_electric_consumption_rejected_by_condenser": 1.0,
        "leaving_chilled_water_lower_temperature_limit": 2.0,
        "chiller_flow_mode": "NotModulated",
    }
    return {
        "Curve:Biquadratic": {
            "chiller capacity": biquadratic(curve.capacity, curve.chws_c, curve.condenser_c),
            "chiller eir": biquadratic(curve.eir, curve.chws_c, curve.condenser_c),
        },
        "Curve:Quadratic": {
            "chiller part load": quadratic(curve.eir_part_load, low=curve.part_load[0], high=curve.part_load[1])
        },
        "Chiller:Electric:EIR": {
            c: machine
            | {
                "chilled_water_inlet_node_name": f"{c} water in",
                "chilled_water_outlet_node_name": f"{c} water out",
                "condenser_inlet_node_name": f"{c} condenser in",
                "condenser_outlet_node_name": f"{c} condenser out",
            }
            for c in bank.ids
        },
    }


def _loop(facility: Facility, sizes: Sizes, chws_c: float) -> Model:
    chillers, halls = facility.plant.chillers.ids, [hall.id for hall in facility.halls]
    pump: Fields = {
        "inlet_node_name": "chw supply in",
        "outlet_node_name": "chw header in",
        "design_maximum_flow_rate": len(chillers) * sizes.chiller_water_kg_s / ENGINE_WATER_KG_M3,
        "design_minimum_flow_rate": 0.0,
        "design_pump_head": facility.plant.chw_pumps.head_pa,
        "design_power_consumption": len(chillers) * sizes.chw_pump_w,
        "coefficient_1_of_the_part_load_performance_curve": 0.0,
        "coefficient_2_of_the_part_load_performance_curve": 1.0,  # constant head: power goes with the flow
        "coefficient_3_of_the_part_load_performance_curve": 0.0,
        "coefficient_4_of_the_part_load_performance_curve": 0.0,
    } | motor(facility.plant.chw_pumps.heat_to_water_frac)
    loop: Model = {
        "Schedule:Constant": {
            "chilled water setpoint": constant(chws_c),
            **{stage_schedule(n): constant(float(n == 2)) for n in range(1, len(chillers) + 1)},
        },
        "PlantLoop": {
            "chw": {
                "fluid_type": "Water",
                "plant_equipment_operation_scheme_name": "chw operation",
                "loop_temperature_setpoint_node_name": "chw supply out",
                "maximum_loop_temperature": 60.0,
                "minimum_loop_temperature": 3.0,
                "maximum_loop_flow_rate": len(chillers) * sizes.chiller_water_kg_s / ENGINE_WATER_KG_M3,
                "minimum_loop_flow_rate": 0.0,
                "plant_loop_volume": facility.plant.buffer_m3 + facility.plant.loop_m3,
                "plant_side_inlet_node_name": "chw supply in",
                "plant_side_outlet_node_name": "chw supply out",
                "plant_side_branch_list_name": "chw supply branches",
                "plant_side_connector_list_name": "chw supply connectors",
                "demand_side_inlet_node_name": "chw demand in",
                "demand_side_outlet_node_name": "chw demand out",
                "demand_side_branch_list_name": "chw demand branches",
                "demand_side_connector_list_name": "chw demand connectors",
                "load_distribution_scheme": "UniformLoad",
                "plant_loop_demand_calculation_scheme": "SingleSetpoint",
                "common_pipe_simulation": "None",
            }
        },
        "SetpointManager:Scheduled": {
            "chilled water": {
                "control_variable": "Temperature",
                "schedule_name": "chilled water setpoint",
                "setpoint_node_or_nodelist_name": "chw supply out",
            }
        },
        "Pump:VariableSpeed": {"chw pumps": pump},
        "Branch": {
            "chw pump branch": branch(("Pump:VariableSpeed", "chw pumps", "chw supply in", "chw header in")),
            **{f"{c} branch": branch(("Chiller:Electric:EIR", c, f"{c} water in", f"{c} water out")) for c in chillers},
            **{
                f"{z} coil branch": branch(
                    ("Coil:Cooling:Water", f"{z} coil", f"{z} coil water in", f"{z} coil water out")
                )
                for z in halls
            },
        },
    }
    plain = pipes(
        {
            "chw supply outlet": ("chw header out", "chw supply out"),
            "chw demand inlet": ("chw demand in", "chw halls in"),
            "chw bypass": ("chw bypass in", "chw bypass out"),
            "chw demand outlet": ("chw halls out", "chw demand out"),
        }
    )
    coils = [f"{z} coil branch" for z in halls]
    return merged(
        [
            loop,
            plain,
            half("chw", "supply", "chw pump branch", [f"{c} branch" for c in chillers], "chw supply outlet branch"),
            half("chw", "demand", "chw demand inlet branch", [*coils, "chw bypass branch"], "chw demand outlet branch"),
        ]
    )


def _stages(chillers: tuple[str, ...]) -> Model:
    """One operation scheme for each number of running chillers; the local loops say which is in force."""
    numbers = range(1, len(chillers) + 1)
    schemes: Fields = {}
    for n in numbers:
        schemes[f"control_scheme_{n}_object_type"] = "PlantEquipmentOperation:CoolingLoad"
        schemes[f"control_scheme_{n}_name"] = f"run {n}"
        schemes[f"control_scheme_{n}_schedule_name"] = stage_schedule(n)
    return {
        "PlantEquipmentOperationSchemes": {"chw operation": schemes},
        "PlantEquipmentOperation:CoolingLoad": {
            f"run {n}": {
                "load_range_1_lower_limit": 0.0,
                "load_range_1_upper_limit": 1e12,
                "range_1_equipment_list_name": f"chillers {n}",
            }
            for n in numbers
        },
        "PlantEquipmentList": {
            f"chillers {n}": {
                "equipment": [
                    {"equipment_object_type": "Chiller:Electric:EIR", "equipment_name": c} for c in chillers[:n]
                ]
            }
            for n in numbers
        },
    }
