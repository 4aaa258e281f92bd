"""What the plant's own controllers do, in the engine's control language: aisle pressure, staging, the power chain.

These are the loops that the site file describes and that no supervisor writes: fans follow the servers' air, chillers
stage by their load with a dead band between up and down, UPS and distribution losses follow the IT power.
"""

from __future__ import annotations

from benchmarks.energyplus.chilled_water import stage_schedule
from benchmarks.energyplus.objects import Fields, Model
from benchmarks.energyplus.sizes import Sizes
from twin.domain.facility import Facility, Hall, Ups
from twin.model.chiller_catalogue import CATALOGUE

HUMIDITY = 0.007  # kg/kg, dew point 8.7 degC: below every chilled water here, so the coils stay dry
VAPOUR_W = 2.5e6  # latent heat of one kg/s: a hall's air is exchanged in some 50 min
EVERY_STEP = "BeginTimestepBeforePredictor"


def local_loops(facility: Facility, sizes: Sizes, chws_c: float, cws_c: float) -> Model:
    """Sensors, actuators and programs."""
    sensors, actuators = _sensors(facility), _actuators(facility)
    fans = [line for i, hall in enumerate(facility.halls) for line in _aisle(hall, sizes.crah_air_kg_s[i])]
    programs = {
        "fans": fans,
        "humidity": [f"SET vapour_{h.id} = {VAPOUR_W} * ({HUMIDITY} - ratio_{h.id})" for h in facility.halls],
        "staging": _staging(facility, chws_c, cws_c),
        "bypass": _bypass(facility, sizes),
        "powerchain": _power_chain(facility),
    }
    return {
        "EnergyManagementSystem:Sensor": sensors,
        "EnergyManagementSystem:Actuator": actuators,
        "EnergyManagementSystem:GlobalVariable": {"globals": {"variables": [{"erl_variable_name": "running"}]}},
        "EnergyManagementSystem:CurveOrTableIndexVariable": {
            "capft": {"curve_or_table_object_name": "chiller capacity"}
        },
        "EnergyManagementSystem:Program": {
            name: {"lines": [{"program_line": line} for line in lines]}
            for name, lines in ({"begin": ["SET running = 2"]} | programs).items()
        },
        "EnergyManagementSystem:ProgramCallingManager": {
            "at the beginning": _called("BeginNewEnvironment", ["begin"]),
            "every step": _called(EVERY_STEP, ["fans", "staging"]),
            "every iteration": _called("InsideHVACSystemIterationLoop", ["bypass"]),
            "before the heat balance": _called("BeginZoneTimestepBeforeInitHeatBalance", ["powerchain", "humidity"]),
        },
        "EnergyManagementSystem:OutputVariable": {
            "chillers running": {
                "ems_variable_name": "running",
                "type_of_data_in_variable": "Averaged",
                "update_frequency": "SystemTimestep",
            }
        },
    }


def _called(when: str, programs: list[str]) -> Fields:
    return {"energyplus_model_calling_point": when, "programs": [{"program_name": p} for p in programs]}


def _sensors(facility: Facility) -> dict[str, Fields]:
    wanted = {
        f"{kind}_{hall.id}": (f"{hall.id} {thing}", variable)
        for hall in facility.halls
        for kind, thing, variable in (
            ("air", "it", "ITE Air Mass Flow Rate"),
            ("cpu", "it", "ITE CPU Electricity Rate"),
            ("fan", "it", "ITE Fan Electricity Rate"),
            ("coil", "coil", "Cooling Coil Total Cooling Rate"),
            ("water", "coil water in", "System Node Mass Flow Rate"),
        )
    }
    wanted |= {f"ratio_{hall.id}": (hall.id, "Zone Mean Air Humidity Ratio") for hall in facility.halls}
    return {
        name: {"output_variable_or_output_meter_index_key_name": key, "output_variable_or_output_meter_name": variable}
        for name, (key, variable) in wanted.items()
    }


def _actuators(facility: Facility) -> dict[str, Fields]:
    def actuator(component: str, kind: str, control: str) -> Fields:
        return {
            "actuated_component_unique_name": component,
            "actuated_component_type": kind,
            "actuated_component_control_type": control,
        }

    terminal = "AirTerminal:SingleDuct:ConstantVolume:NoReheat"
    actuators = {}
    for hall in facility.halls:
        actuators[f"flow_{hall.id}"] = actuator(f"{hall.id} terminal", terminal, "Mass Flow Rate")
        actuators[f"vapour_{hall.id}"] = actuator(f"{hall.id} humidity", "OtherEquipment", "Power Level")
        actuators[f"loss_{hall.id}"] = actuator(f"{hall.id} power chain", "ElectricEquipment", "Electricity Rate")
    for n in range(1, len(facility.plant.chillers.ids) + 1):
        actuators[f"stage{n}"] = actuator(stage_schedule(n), "Schedule:Constant", "Schedule Value")
    actuators["pumped"] = actuator("chw pumps", "Pump", "Pump Mass Flow Rate")
    return actuators


def _aisle(hall: Hall, unit_kg_s: float) -> list[str]:
    """The aisle-pressure loop: a margin over the servers' air, between the fans' least and full speed."""
    most = len(hall.crah.ids) * unit_kg_s
    z, crah = hall.id, hall.crah
    return [
        f"SET wanted = {hall.flow_margin_ratio} * air_{z}",
        f"SET wanted = @MAX wanted {crah.min_fan_frac * most}",
        f"SET flow_{z} = @MIN wanted {crah.max_fan_frac * most}",
    ]


def _staging(facility: Facility, chws_c: float, cws_c: float) -> list[str]:
    """One step up or down at a time, by what the machines could carry at their setpoints."""
    bank = facility.plant.chillers
    most = bank.capacity_w * CATALOGUE[bank.curve].part_load[1]
    load = " + ".join(f"coil_{hall.id}" for hall in facility.halls)
    n = len(bank.ids)
    return [
        f"SET load = {load}",
        f"SET ratio = @CurveValue capft {chws_c} {cws_c}",
        f"SET most = {most} * ratio",
        "SET before = running",
        f"IF (load > {bank.stage_up_frac} * before * most) && (before < {n})",
        "SET running = before + 1",
        f"ELSEIF (before > 1) && (load < {bank.stage_down_frac} * (before - 1) * most)",
        "SET running = before - 1",
        "ENDIF",
        *(line for k in range(1, n + 1) for line in _stage(k)),
    ]


def _stage(k: int) -> list[str]:
    """Scheme k is in force while k chillers run."""
    return [f"SET stage{k} = 0", f"IF running == {k}", f"SET stage{k} = 1", "ENDIF"]


def _bypass(facility: Facility, sizes: Sizes) -> list[str]:
    """The least flow of the running evaporators, where the coils ask for less; otherwise the coils have their way."""
    asked = " + ".join(f"water_{hall.id}" for hall in facility.halls)
    return [
        f"SET least = {sizes.least_water_kg_s} * running",
        f"SET asked = {asked}",
        "IF asked < 0.999 * least",
        "SET pumped = least",
        "ELSE",
        "SET pumped = NULL",
        "ENDIF",
    ]


def _power_chain(facility: Facility) -> list[str]:
    """Distribution and UPS losses by the same formulas as the twin's, shared between the halls as their IT power is."""
    power = facility.power
    total = " + ".join(f"cpu_{hall.id} + fan_{hall.id}" for hall in facility.halls)
    lines = [
        f"SET it = {total}",
        f"SET output = it / {1.0 - power.pdu_loss_frac}",
        "SET loss = output - it",
    ]
    for side in power.ups:
        lines += _ups(side, len(power.ups))
    lines.append("SET share = loss / (@MAX it 1.0)")
    return lines + [f"SET loss_{hall.id} = share * (cpu_{hall.id} + fan_{hall.id})" for hall in facility.halls]


def _ups(side: Ups, sides: int) -> list[str]:
    rated, curve = side.modules * side.module_w, side.double_conversion
    return [
        f"SET x = output / {sides * rated}",
        f"SET loss = loss + {rated} * ({curve.constant} + {curve.linear} * x + {curve.square} * x * x)",
    ]
