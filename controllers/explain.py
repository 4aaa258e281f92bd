"""A decision record in words, for the operator who asks why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_VERB = {
    "command": "was set",
    "advice": "is advised",
    "shadow": "would have been set",
    "hold": "was left alone",
    "release": "was given back to the site's own control",
}
_UPS_MODES = {0.0: "double conversion", 1.0: "ECO"}


def explained(record: Mapping[str, Any]) -> str:
    """Some lines of plain text. Keys that are not there are left out."""
    what = f"{record.get('asset')}/{record.get('point')}"
    action = str(record.get("action"))
    lines = [
        f"{record.get('ts')}  decision {record.get('id')}, cycle {record.get('cycle')}, mode {record.get('mode')}",
        "",
    ]
    before, after = _shown(record, "from"), _shown(record, "to")
    if action == "hold":
        lines.append(f"{what} {_VERB[action]} at {before}.")
    elif action == "release":
        lines.append(f"{what} {_VERB[action]}.")
    elif before == after:
        lines.append(f"{what} {_VERB.get(action, action)} to {after} as before: the lease goes on.")
    else:
        lines.append(f"{what} {_VERB.get(action, action)} from {before} to {after}.")
    lines.append(f"Why: {record.get('reason')} (controller {record.get('controller')}).")
    if record.get("binding"):
        lines.append(f"What holds the plan back: {record['binding']}.")
    lines += _effect(record)
    if record.get("runner_up"):
        runner_cost = record.get("runner_up_cost_per_h")
        cost = (
            f", at {runner_cost:.2f} an hour against {record.get('cost_per_h', 0.0):.2f}"
            if runner_cost is not None
            else ""
        )
        lines.append(f"Runner-up: {record['runner_up']}{cost}.")
    guard = record.get("guard") or []
    lines.append("Guard: " + ("granted as wished." if not guard else ""))
    lines += [f"  - {step}" for step in guard]
    doubtful = [
        f"{i['point']} {i['quality']}" for i in record.get("inputs", []) if i["quality"] not in {"good", "100% good"}
    ]
    lines.append("Inputs: " + (", ".join(doubtful) if doubtful else "all good") + ".")
    lines.append(f"Configuration {record.get('config')}, limits {record.get('limits')}.")
    return "\n".join(lines)


def headline(record: Mapping[str, Any]) -> str:
    """One line: which setpoint, from where to where, and why."""
    what, action = f"{record.get('asset')}/{record.get('point')}", str(record.get("action"))
    before, after = _shown(record, "from"), _shown(record, "to")
    if action in {"hold", "release"}:
        return f"{what} {_VERB[action]}: {record.get('reason')}"
    if before == after:
        return f"{what} kept at {after}: {record.get('reason')}"
    unit = str(record.get("unit"))
    return f"{what} {before.removesuffix(unit).strip()} -> {after}: {record.get('reason')}"


def _effect(record: Mapping[str, Any]) -> list[str]:
    effect = record.get("effect_w") or {}
    expected = effect.get("expected")
    if expected is None or record.get("action") == "release":
        return []
    low, high = effect.get("low", expected), effect.get("high", expected)
    return [
        f"The whole plan is expected to change facility power by {expected / 1e3:+.1f} kW "
        f"(95 %: {low / 1e3:+.1f} to {high / 1e3:+.1f}) against holding, at a worst inlet of "
        f"{record.get('worst_inlet_c', 0.0):.1f} degC."
    ]


def _shown(record: Mapping[str, Any], key: str) -> str:
    """A setpoint as an operator calls it."""
    value, unit = record.get(key), record.get("unit", "")
    if value is None:
        return "an unknown value"
    if record.get("point") == "mode":
        return _UPS_MODES.get(value, f"mode {value:g}")
    return f"{value:g} {unit}".strip()
