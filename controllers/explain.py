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


def explained(record: Mapping[str, Any]) -> str:
    """Some lines of plain text. Keys that are not there are left out."""
    unit = record.get("unit", "")
    what = f"{record.get('asset')}/{record.get('point')}"
    action = str(record.get("action"))
    lines = [
        f"{record.get('ts')}  decision {record.get('id')}, cycle {record.get('cycle')}, mode {record.get('mode')}",
        "",
    ]
    moved = (
        ""
        if action in {"hold", "release"}
        else f" from {_shown(record.get('from'), unit)} to {_shown(record.get('to'), unit)}"
    )
    stays = f" at {_shown(record.get('from'), unit)}" if action == "hold" else ""
    lines.append(f"{what} {_VERB.get(action, action)}{moved}{stays}.")
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
    unit, action = record.get("unit", ""), str(record.get("action"))
    what = f"{record.get('asset')}/{record.get('point')}"
    if action in {"hold", "release"}:
        return f"{what} {_VERB[action]}: {record.get('reason')}"
    if _shown(record.get("from"), "") == _shown(record.get("to"), ""):
        return f"{what} kept at {_shown(record.get('to'), unit)}: {record.get('reason')}"
    return f"{what} {_shown(record.get('from'), '')} -> {_shown(record.get('to'), unit)}: {record.get('reason')}"


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


def _shown(value: float | None, unit: str) -> str:
    return "an unknown value" if value is None else f"{value:g} {unit}".strip()
