"""Condenser water: constant-speed pumps, one for each running chiller, and a bank of tower cells."""

from __future__ import annotations

from benchmarks.energyplus.objects import Model, branch, constant, cubic, merged, motor, pipes
from benchmarks.energyplus.objects import side as half
from benchmarks.energyplus.sizes import ENGINE_WATER_KG_M3, Sizes, density_kg_m3
from twin.domain.facility import Facility


def condenser_water(facility: Facility, sizes: Sizes, cws_c: float) -> Model:
    """The loop from the chillers' condensers to the towers and back."""
    chillers, cells = facility.plant.chillers.ids, len(facility.plant.towers.ids)
    loop: Model = {
        "Schedule:Constant": {"condenser water setpoint": constant(cws_c)},
        "CondenserLoop": {
            "cw": {
                "fluid_type": "Water",
                "condenser_equipment_operation_scheme_name": "cw operation",
                "condenser_loop_temperature_setpoint_node_name": "cw supply out",
                "maximum_loop_temperature": 80.0,
                "minimum_loop_temperature": 3.0,
                "maximum_loop_flow_rate": len(chillers) * sizes.condenser_kg_s / ENGINE_WATER_KG_M3,
                "minimum_loop_flow_rate": 0.0,
                "condenser_loop_volume": facility.plant.towers.basin_j_k / (998.0 * 4186.0),
                "condenser_side_inlet_node_name": "cw supply in",
                "condenser_side_outlet_node_name": "cw supply out",
                "condenser_side_branch_list_name": "cw supply branches",
                "condenser_side_connector_list_name": "cw supply connectors",
                "demand_side_inlet_node_name": "cw demand in",
                "demand_side_outlet_node_name": "cw demand out",
                "condenser_demand_side_branch_list_name": "cw demand branches",
                "condenser_demand_side_connector_list_name": "cw demand connectors",
                "load_distribution_scheme": "SequentialLoad",
            }
        },
        "SetpointManager:Scheduled": {
            "condenser water": {
                "control_variable": "Temperature",
                "schedule_name": "condenser water setpoint",
                "setpoint_node_or_nodelist_name": "cw supply out",
            }
        },
        "CondenserEquipmentOperationSchemes": {
            "cw operation": {
                "control_scheme_1_object_type": "PlantEquipmentOperation:CoolingLoad",
                "control_scheme_1_name": "reject heat",
                "control_scheme_1_schedule_name": "always",
            }
        },
        "PlantEquipmentOperation:CoolingLoad": {
            "reject heat": {
                "load_range_1_lower_limit": 0.0,
                "load_range_1_upper_limit": 1e12,
                "range_1_equipment_list_name": "towers",
            }
        },
        "CondenserEquipmentList": {
            "towers": {
                "equipment": [
                    {"equipment_object_type": "CoolingTower:VariableSpeed:Merkel", "equipment_name": "tower bank"}
                ]
            }
        },
        "HeaderedPumps:ConstantSpeed": {
            "cw pumps": {
                "inlet_node_name": "cw supply in",
                "outlet_node_name": "cw pumps out",
                "total_design_flow_rate": len(chillers) * sizes.condenser_kg_s / ENGINE_WATER_KG_M3,
                "number_of_pumps_in_bank": len(chillers),
                "flow_sequencing_control_scheme": "Sequential",
                "design_pump_head": facility.plant.cw_pumps.head_pa,
                "design_power_consumption": len(chillers) * sizes.cw_pump_w,
            }
            | motor(facility.plant.cw_pumps.heat_to_water_frac)
        },
        "Branch": {
            "cw pump branch": branch(("HeaderedPumps:ConstantSpeed", "cw pumps", "cw supply in", "cw pumps out")),
            "tower branch": branch(("CoolingTower:VariableSpeed:Merkel", "tower bank", "tower in", "tower out")),
            **{
                f"{c} condenser branch": branch(("Chiller:Electric:EIR", c, f"{c} condenser in", f"{c} condenser out"))
                for c in chillers
            },
        },
        **_tower(facility, sizes, cells),
    }
    plain = pipes(
        {
            "cw supply outlet": ("cw header out", "cw supply out"),
            "cw demand inlet": ("cw demand in", "cw chillers in"),
            "cw demand outlet": ("cw chillers out", "cw demand out"),
        }
    )
    condensers = [f"{c} condenser branch" for c in chillers]
    return merged(
        [
            loop,
            plain,
            half("cw", "supply", "cw pump branch", ["tower branch"], "cw supply outlet branch"),
            half("cw", "demand", "cw demand inlet branch", condensers, "cw demand outlet branch"),
        ]
    )


def _tower(facility: Facility, sizes: Sizes, cells: int) -> Model:
    """The engine sizes the cells' UA by itself, from what they reject at the design point and from their air."""
    towers = facility.plant.towers
    design_kg_m3 = density_kg_m3(sizes.pressure_pa, 35.0, 0.0169)
    return {
        "OutdoorAir:Node": {"tower air": {}},
        "Curve:Cubic": {
            "tower fan": cubic(0.0, 0.0, 0.0, 1.0),
            "tower air": cubic(0.0, 1.3, -0.3, 0.0),
            "tower water": cubic(0.1082, 1.667, -0.7713, 0.0, low=0.3),
            "tower wet bulb": cubic(1.0, 0.0081, 0.0, 0.0, low=-60.0, high=60.0),
        },
        "CoolingTower:VariableSpeed:Merkel": {
            "tower bank": {
                "water_inlet_node_name": "tower in",
                "water_outlet_node_name": "tower out",
                "outdoor_air_inlet_node_name": "tower air",
                "performance_input_method": "NominalCapacity",
                "heat_rejection_capacity_and_nominal_capacity_sizing_ratio": 1.0,
                "nominal_capacity": cells * towers.design_w,
                "free_convection_nominal_capacity": 0.125 * cells * towers.design_w,
                "design_water_flow_rate": cells * sizes.tower_water_kg_s / ENGINE_WATER_KG_M3,
                "design_air_flow_rate": cells * sizes.tower_air_kg_s / design_kg_m3,
                "minimum_air_flow_rate_ratio": towers.min_fan_frac,
                "design_fan_power": cells * towers.fan_w,
                "fan_power_modifier_function_of_air_flow_rate_ratio_curve_name": "tower fan",
                "free_convection_regime_air_flow_rate": "Autocalculate",
                "design_air_flow_rate_u_factor_times_area_value": "Autosize",
                "free_convection_regime_u_factor_times_area_value": "Autocalculate",
                "u_factor_times_area_modifier_function_of_air_flow_ratio_curve_name": "tower air",
                "u_factor_times_area_modifier_function_of_wetbulb_temperature_difference_curve_name": "tower wet bulb",
                "u_factor_times_area_modifier_function_of_water_flow_ratio_curve_name": "tower water",
                "design_inlet_air_dry_bulb_temperature": 35.0,
                "design_inlet_air_wet_bulb_temperature": towers.design_wet_bulb_c,
                "design_approach_temperature": towers.design_out_c - towers.design_wet_bulb_c,
                "design_range_temperature": towers.design_in_c - towers.design_out_c,
                "number_of_cells": cells,
                "cell_control": "MinimalCell",
                # one cell for each running condenser pump, and never one more
                "cell_minimum_water_flow_rate_fraction": 1.01 * sizes.condenser_kg_s / sizes.tower_water_kg_s,
                "cell_maximum_water_flow_rate_fraction": 1.0,
                "basin_heater_capacity": 0.0,
            }
        },
    }
