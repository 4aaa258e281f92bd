"""Settings, site and points as plain trees, for `--json` and for printing."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from typing import Any

from twin.cli.output import Json
from twin.domain.site import Site
from twin.settings import Settings
from twin.sitefile.catalogue import KNOWN


def settings_facts(settings: Settings) -> dict[str, Json]:
    """Settings in force; pydantic masks the secrets."""
    facts: dict[str, Json] = settings.model_dump(mode="json")
    return facts


def site_facts(site: Site, settings: Settings) -> dict[str, Json]:
    """The site in force; racks of one rating become one entry, and the mode is the one that counts."""
    facility = _plain(asdict(site.facility))
    for hall, tree in zip(site.facility.halls, facility["halls"], strict=True):
        ratings = dict.fromkeys(rack.rated_w for rack in hall.racks)
        tree["racks"] = [
            {"count": len(ids), "first": ids[0], "last": ids[-1], "rated_w": rated_w}
            for rated_w in ratings
            if (ids := [rack.id for rack in hall.racks if rack.rated_w == rated_w])
        ]
    control = _plain(asdict(site.control))
    control["mode"] = settings.control.mode or control["mode"]
    limits = _plain(asdict(site.limits))
    limits["actuators"] = [_plain(asdict(actuator)) for actuator in site.limits.actuators]
    return {
        "directory": site.directory,
        "config_hash": site.config_hash,
        "limits_hash": site.limits.hash,
        "seed": site.seed,
        "facility": facility,
        "topics": {
            "root": site.topics.root,
            "subscriptions": list(site.topics.subscriptions),
            "ignored": list(site.topics.ignored),
            "max_payload_bytes": site.topics.max_payload_bytes,
        },
        "control": control,
        "limits": limits,
        "tariff": _plain(asdict(site.tariff)),
    }


def point_facts(site: Site) -> list[dict[str, Json]]:
    """One entry for each point, with the rule that fills it."""
    rule_of = {rule.point: rule for rule in site.topics.rules}
    facts: list[dict[str, Json]] = []
    for point in site.points:
        rule = rule_of[point.index]
        facts.append(
            {
                "id": point.id,
                "class": point.asset_class,
                "hall": point.hall,
                "unit": point.unit,
                "low": point.low,
                "high": point.high,
                "period_s": point.period_s,
                "stale_after_s": point.stale_after_s,
                "topic": rule.topic,
                "codec": rule.codec,
                "path": "/".join(part for part in (rule.values_path, rule.value_path) if part),
                "wire_unit": rule.wire_unit,
                "scale": rule.scale,
                "offset": rule.offset,
            }
        )
    return facts


def unmapped_points(site: Site) -> list[str]:
    """Points the model could use and no message gives, by class when every asset of it lacks the point."""
    assets: dict[str, list[str]] = {"outdoor": ["outdoor"], "plant": ["plant"], "meter": ["meter"]}
    facility = site.facility
    assets["hall"] = [hall.id for hall in facility.halls]
    assets["rack"] = [rack.id for hall in facility.halls for rack in hall.racks]
    assets["crah"] = [crah for hall in facility.halls for crah in hall.crah.ids]
    # direct expansion has no chilled-water valve
    no_valve = {crah for hall in facility.halls if hall.crah.dx is not None for crah in hall.crah.ids}
    assets["chiller"] = list(facility.plant.chillers.ids)
    assets["tower"] = list(facility.plant.towers.ids)
    assets["ups"] = [ups.id for ups in facility.power.ups]
    mapped = {point.id for point in site.points.points}
    missing: list[str] = []
    for asset_class, names in KNOWN.items():
        for name in names:
            if name.endswith("_priority"):  # says the same as `_held`: one of them is enough
                continue
            as_well = name.replace("_held", "_priority")
            without = [
                asset
                for asset in assets[asset_class]
                if not {f"{asset}/{name}", f"{asset}/{as_well}"} & mapped
                and not (name == "valve_frac" and asset in no_valve)
            ]
            if without and len(without) == len(assets[asset_class]):
                missing.append(f"{asset_class}/{name}" if len(without) > 1 else f"{without[0]}/{name}")
            else:
                missing += [f"{asset}/{name}" for asset in without]
    return missing


def _plain(value: Any) -> Any:
    """Enums by value and tuples as lists, as JSON has them. `Any`: the tree of a dataclass, on its way out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
