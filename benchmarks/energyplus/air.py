"""Air handlers: for each hall one chilled-water coil and one fan that stand for its equal units."""

from __future__ import annotations

from benchmarks.energyplus.objects import Model, branch, constant, cubic, merged
from benchmarks.energyplus.sizes import ENGINE_WATER_KG_M3, Sizes
from twin.domain.facility import Facility, Hall

VALVE_OPEN_RATIO = 1.2  # water through an open valve over the coil's design flow


def air_handlers(facility: Facility, sizes: Sizes, supply_air_c: float) -> Model:
    """One closed air loop for each hall, without outside air; the supply air is controlled behind the fan."""
    shared: Model = {
        "Schedule:Constant": {"supply air setpoint": constant(supply_air_c)},
        "Curve:Cubic": {"fan cube": cubic(0.0, 0.0, 0.0, 1.0)},
    }
    return merged([shared, *(_hall(hall, sizes, i) for i, hall in enumerate(facility.halls))])


def _hall(hall: Hall, sizes: Sizes, index: int) -> Model:
    z, crah, n = hall.id, hall.crah, len(hall.crah.ids)
    air_m3_s = n * sizes.crah_air_kg_s[index] / sizes.standard_air_kg_m3
    water_m3_s = n * sizes.crah_water_kg_s[index] / ENGINE_WATER_KG_M3
    # the air flow that the design temperatures imply; the fan's rated flow may be larger
    coil_air_kg_s = crah.design_w / (1006.0 * (crah.design_return_c - crah.design_supply_c))
    return {
        "AirLoopHVAC": {
            f"{z} air": {
                "controller_list_name": f"{z} controllers",
                "design_supply_air_flow_rate": air_m3_s,
                "branch_list_name": f"{z} air branches",
                "supply_side_inlet_node_name": f"{z} return",
                "supply_side_outlet_node_names": f"{z} supply",
                "demand_side_inlet_node_names": f"{z} demand in",
                "demand_side_outlet_node_name": f"{z} demand out",
            }
        },
        "BranchList": {f"{z} air branches": {"branches": [{"branch_name": f"{z} air branch"}]}},
        "Branch": {
            f"{z} air branch": branch(
                ("Coil:Cooling:Water", f"{z} coil", f"{z} return", f"{z} coil out"),
                ("Fan:SystemModel", f"{z} fan", f"{z} coil out", f"{z} supply"),
            ),
        },
        "Coil:Cooling:Water": {
            f"{z} coil": {
                "availability_schedule_name": "always",
                "design_water_flow_rate": water_m3_s,
                "design_air_flow_rate": n * coil_air_kg_s / sizes.standard_air_kg_m3,
                "design_inlet_water_temperature": crah.design_chw_in_c,
                "design_inlet_air_temperature": crah.design_return_c,
                "design_outlet_air_temperature": crah.design_supply_c,
                "design_inlet_air_humidity_ratio": 0.008,
                "design_outlet_air_humidity_ratio": 0.008,
                "water_inlet_node_name": f"{z} coil water in",
                "water_outlet_node_name": f"{z} coil water out",
                "air_inlet_node_name": f"{z} return",
                "air_outlet_node_name": f"{z} coil out",
                "type_of_analysis": "SimpleAnalysis",
                "heat_exchanger_configuration": "CounterFlow",
            }
        },
        "Fan:SystemModel": {
            f"{z} fan": {
                "availability_schedule_name": "always",
                "air_inlet_node_name": f"{z} coil out",
                "air_outlet_node_name": f"{z} supply",
                "design_maximum_air_flow_rate": air_m3_s,
                "speed_control_method": "Continuous",
                "electric_power_minimum_flow_rate_fraction": 0.0,
                "design_pressure_rise": 500.0,
                "motor_efficiency": 0.9,
                "motor_in_air_stream_fraction": 1.0,
                "design_electric_power_consumption": n * crah.design_fan_w,
                "electric_power_function_of_flow_fraction_curve_name": "fan cube",
            }
        },
        "AirLoopHVAC:ControllerList": {
            f"{z} controllers": {
                "controller_1_object_type": "Controller:WaterCoil",
                "controller_1_name": f"{z} valve",
            }
        },
        "Controller:WaterCoil": {
            f"{z} valve": {
                "control_variable": "Temperature",
                "action": "Reverse",
                "actuator_variable": "Flow",
                "sensor_node_name": f"{z} coil out",
                "actuator_node_name": f"{z} coil water in",
                "controller_convergence_tolerance": 0.002,
                "maximum_actuated_flow": VALVE_OPEN_RATIO * water_m3_s,
                "minimum_actuated_flow": 0.0,
            }
        },
        "SetpointManager:Scheduled": {
            f"{z} supply setpoint": {
                "control_variable": "Temperature",
                "schedule_name": "supply air setpoint",
                "setpoint_node_or_nodelist_name": f"{z} supply",
            }
        },
        # the coil stands before the fan: its setpoint is colder by the fan's heat
        "SetpointManager:MixedAir": {
            f"{z} coil setpoint": {
                "control_variable": "Temperature",
                "reference_setpoint_node_name": f"{z} supply",
                "fan_inlet_node_name": f"{z} coil out",
                "fan_outlet_node_name": f"{z} supply",
                "setpoint_node_or_nodelist_name": f"{z} coil out",
            }
        },
        "AirLoopHVAC:SupplyPath": {
            f"{z} supply path": {
                "supply_air_path_inlet_node_name": f"{z} demand in",
                "components": [
                    {"component_object_type": "AirLoopHVAC:ZoneSplitter", "component_name": f"{z} splitter"}
                ],
            }
        },
        "AirLoopHVAC:ReturnPath": {
            f"{z} return path": {
                "return_air_path_outlet_node_name": f"{z} demand out",
                "components": [{"component_object_type": "AirLoopHVAC:ZoneMixer", "component_name": f"{z} mixer"}],
            }
        },
        "AirLoopHVAC:ZoneSplitter": {
            f"{z} splitter": {
                "inlet_node_name": f"{z} demand in",
                "nodes": [{"outlet_node_name": f"{z} terminal in"}],
            }
        },
        "AirLoopHVAC:ZoneMixer": {
            f"{z} mixer": {
                "outlet_node_name": f"{z} demand out",
                "nodes": [{"inlet_node_name": f"{z} zone out"}],
            }
        },
        "AirTerminal:SingleDuct:ConstantVolume:NoReheat": {
            f"{z} terminal": {
                "availability_schedule_name": "always",
                "air_inlet_node_name": f"{z} terminal in",
                "air_outlet_node_name": f"{z} zone in",
                "maximum_air_flow_rate": air_m3_s,
            }
        },
        "ZoneHVAC:AirDistributionUnit": {
            f"{z} distribution": {
                "air_distribution_unit_outlet_node_name": f"{z} zone in",
                "air_terminal_object_type": "AirTerminal:SingleDuct:ConstantVolume:NoReheat",
                "air_terminal_name": f"{z} terminal",
            }
        },
        "ZoneHVAC:EquipmentList": {
            f"{z} equipment": {
                "equipment": [
                    {
                        "zone_equipment_object_type": "ZoneHVAC:AirDistributionUnit",
                        "zone_equipment_name": f"{z} distribution",
                        "zone_equipment_cooling_sequence": 1,
                        "zone_equipment_heating_or_no_load_sequence": 1,
                    }
                ]
            }
        },
        "ZoneHVAC:EquipmentConnections": {
            f"{z} connections": {
                "zone_name": z,
                "zone_conditioning_equipment_list_name": f"{z} equipment",
                "zone_air_inlet_node_or_nodelist_name": f"{z} zone in",
                "zone_air_node_name": f"{z} zone",
                "zone_return_air_node_or_nodelist_name": f"{z} zone out",
            }
        },
    }
