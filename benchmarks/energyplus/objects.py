"""The engine's input as it wants it: objects by class and name, and the few shapes that come back again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Fields = dict[str, object]
Model = dict[str, dict[str, Fields]]


def merged(parts: Sequence[Model]) -> Model:
    """All parts in one; two objects of one class and name would be a mistake here."""
    whole: Model = {}
    for part in parts:
        for kind, objects in part.items():
            place = whole.setdefault(kind, {})
            twice = place.keys() & objects.keys()
            if twice:
                raise RuntimeError(f"{kind} is described twice: {sorted(twice)}")
            place.update(objects)
    return whole


def cubic(c0: float, c1: float, c2: float, c3: float, *, low: float = 0.0, high: float = 1.0) -> Fields:
    """A Curve:Cubic between its limits."""
    return {
        "coefficient1_constant": c0,
        "coefficient2_x": c1,
        "coefficient3_x_2": c2,
        "coefficient4_x_3": c3,
        "minimum_value_of_x": low,
        "maximum_value_of_x": high,
    }


def quadratic(c: Sequence[float], *, low: float, high: float) -> Fields:
    """A Curve:Quadratic between its limits."""
    return {
        "coefficient1_constant": c[0],
        "coefficient2_x": c[1],
        "coefficient3_x_2": c[2],
        "minimum_value_of_x": low,
        "maximum_value_of_x": high,
    }


def biquadratic(c: Sequence[float], x: tuple[float, float], y: tuple[float, float]) -> Fields:
    """A Curve:Biquadratic in its box."""
    names = ("1_constant", "2_x", "3_x_2", "4_y", "5_y_2", "6_x_y")
    limits: Fields = {
        "minimum_value_of_x": x[0],
        "maximum_value_of_x": x[1],
        "minimum_value_of_y": y[0],
        "maximum_value_of_y": y[1],
    }
    return {f"coefficient{name}": value for name, value in zip(names, c, strict=True)} | limits


def constant(value: float) -> Fields:
    """A Schedule:Constant."""
    return {"hourly_value": value}


def branch(*components: tuple[str, str, str, str]) -> Fields:
    """A Branch of (class, name, inlet node, outlet node) in the order of flow."""
    keys = ("component_object_type", "component_name", "component_inlet_node_name", "component_outlet_node_name")
    return {"components": [dict(zip(keys, component, strict=True)) for component in components]}


def side(loop: str, name: str, inlet: str, parallel: Sequence[str], outlet: str) -> Model:
    """Branch list, splitter, mixer and connector list of one half of a loop."""
    full = f"{loop} {name}"
    return {
        "BranchList": {f"{full} branches": {"branches": [{"branch_name": b} for b in (inlet, *parallel, outlet)]}},
        "Connector:Splitter": {
            f"{full} splitter": {
                "inlet_branch_name": inlet,
                "branches": [{"outlet_branch_name": b} for b in parallel],
            }
        },
        "Connector:Mixer": {
            f"{full} mixer": {"outlet_branch_name": outlet, "branches": [{"inlet_branch_name": b} for b in parallel]}
        },
        "ConnectorList": {
            f"{full} connectors": {
                "connector_1_object_type": "Connector:Splitter",
                "connector_1_name": f"{full} splitter",
                "connector_2_object_type": "Connector:Mixer",
                "connector_2_name": f"{full} mixer",
            }
        },
    }


def pipes(names: Mapping[str, tuple[str, str]]) -> Model:
    """Adiabatic pipes by name with their (inlet, outlet) nodes, each alone in a branch of its name."""
    return {
        "Pipe:Adiabatic": {n: {"inlet_node_name": a, "outlet_node_name": b} for n, (a, b) in names.items()},
        "Branch": {f"{n} branch": branch(("Pipe:Adiabatic", n, a, b)) for n, (a, b) in names.items()},
    }


def motor(heat_to_water_frac: float) -> Fields:
    """A pump's motor. All the shaft's power ends in the water, and none of the motor's own loss."""
    return {
        "motor_efficiency": heat_to_water_frac,
        "fraction_of_motor_inefficiencies_to_fluid_stream": 0.0,
        "pump_control_type": "Intermittent",
    }
