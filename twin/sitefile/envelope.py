"""limits.toml -> `Limits`; refuses an envelope that contradicts itself or has no readback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from twin.domain.actuators import Actuator, ActuatorTable, Kind, Limits, Mode
from twin.domain.facility import Facility
from twin.domain.points import PointTable
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_base import suggestion
from twin.sitefile.schema_limits import ControlFile, InletTable, LimitsFile, SetpointTable
from twin.sitefile.templates import TemplateError, names_in, render

FILE = "limits.toml"
# continuous setpoints have no daily budget: once a second is no limit
_UNLIMITED_PER_DAY = 86_400
# a mode has no ramp: any change fits into one cycle
_NO_RAMP_PER_MIN = 60.0
_BOUNDED_SPAN_K = 1.0

_NAME_OF = {
    Kind.SUPPLY_AIR: "supply_air_sp_c",
    Kind.CHILLED_WATER: "chws_sp_c",
    Kind.CONDENSER_WATER: "cws_sp_c",
    Kind.UPS_MODE: "mode",
}
_EXAMPLE = {
    Kind.SUPPLY_AIR: "{hall}/supply_air_sp_c",
    Kind.CHILLED_WATER: "plant/chws_sp_c",
    Kind.CONDENSER_WATER: "plant/cws_sp_c",
    Kind.UPS_MODE: "{ups}/mode",
}
_CLASS_OF = {
    Kind.SUPPLY_AIR: "hall",
    Kind.CHILLED_WATER: "plant",
    Kind.CONDENSER_WATER: "plant",
    Kind.UPS_MODE: "ups",
}
_RAMPED = ("step", "max_rise_per_min", "max_fall_per_min")
_SWITCHED = ("dwell_s", "max_changes_per_day")


class Envelope:
    """The actuator table under construction."""

    def __init__(
        self, file: LimitsFile, facility: Facility | None, points: PointTable | None, problems: Problems
    ) -> None:
        """Without facility or points, because their files were refused, what hangs on them is not checked."""
        self._file, self._facility, self._points, self._problems = file, facility, points, problems

    def build(self, digest: str) -> Limits | None:
        """The limits, or None when they were refused."""
        before = len(self._problems)
        self._check_inlet(self._file.inlet)
        actuators: list[Actuator] = []
        taken: set[str] = set()
        for i, table in enumerate(self._file.setpoints):
            path: KeyPath = ("setpoints", i)
            sound = self._check_setpoint(table, path)
            for asset, name, hall in self._targets(table, (*path, "point")):
                if f"{asset}/{name}" in taken:
                    message = f"setpoint {asset}/{name} is given twice"
                    self._problems.add(FILE, (*path, "point"), message, "keep one of the two")
                    continue
                taken.add(f"{asset}/{name}")
                if sound:
                    actuators.append(_actuator(len(actuators), table, asset, name, hall))
        self._check_lift()
        self._check_ride_through()
        if len(self._problems) > before:
            return None
        file = self._file
        return Limits(
            hash=digest,
            actuators=ActuatorTable(tuple(actuators)),
            inlet_warn_c=file.inlet.warn_c,
            inlet_revert_c=file.inlet.revert_c,
            inlet_panic_c=file.inlet.panic_c,
            dew_point_margin_k=file.air.dew_point_margin_k,
            stale_after_s=file.data.stale_after_s,
            zone_quorum_frac=file.air.zone_quorum_frac,
            ride_through_min_s=file.air.ride_through_min_s,
            min_lift_k=file.plant.min_lift_k,
            lease_s=file.lease.lease_s,
            heartbeat_s=file.lease.heartbeat_s,
            eco_min_load_frac=file.eco.min_load_frac,
            eco_max_mains_deviation_frac=file.eco.max_mains_deviation_frac,
            eco_max_thd_frac=file.eco.max_thd_frac,
            eco_min_battery_frac=file.eco.min_battery_frac,
        )

    def _add(self, path: KeyPath, message: str, fix: str) -> None:
        self._problems.add(FILE, path, message, fix)

    def _check_inlet(self, inlet: InletTable) -> None:
        if inlet.warn_c >= inlet.revert_c:
            message = f"warn_c = {inlet.warn_c:g} is not below revert_c = {inlet.revert_c:g}"
            self._add(("inlet", "warn_c"), message, "warn_c < revert_c < panic_c, for example 27, 29, 32")
        if inlet.revert_c >= inlet.panic_c:
            message = f"revert_c = {inlet.revert_c:g} is not below panic_c = {inlet.panic_c:g}"
            self._add(("inlet", "revert_c"), message, "warn_c < revert_c < panic_c, for example 27, 29, 32")

    def _targets(self, table: SetpointTable, path: KeyPath) -> Iterator[tuple[str, str, str]]:
        """Asset, point name and hall of every setpoint a table stands for."""
        if self._facility is None:
            return
        kind = Kind(table.kind)
        halls = [hall.id for hall in self._facility.halls]
        sides = [ups.id for ups in self._facility.power.ups]
        known = {"hall": halls, "ups": sides, "plant": ["plant"]}[_CLASS_OF[kind]]
        fields: list[dict[str, str | int]] = [{}]
        if names_in(table.point) & {"hall", "ups"}:
            field = "hall" if "hall" in names_in(table.point) else "ups"
            fields = [{field: value} for value in (halls if field == "hall" else sides)]
        for given in fields:
            try:
                point = render(table.point, given)
            except TemplateError as error:
                self._add(path, str(error), error.fix)
                return
            asset, _, name = point.partition("/")
            if name != _NAME_OF[kind]:
                message = f'kind {table.kind} is written to "{_EXAMPLE[kind]}", not to "{point}"'
                self._add(path, message, f'give point = "{_EXAMPLE[kind]}", or mend kind')
                return
            if asset not in known:
                self._add(path, f'there is no {_CLASS_OF[kind]} "{asset}" in site.toml', suggestion(asset, known))
                return
            if self._points is not None and point not in self._points:
                fix = f"map {point} in points.toml: what was written must be read back"
                self._add(path, f"setpoint {point} has no readback point", fix)
                continue
            yield asset, name, asset if _CLASS_OF[kind] == "hall" else ""

    def _check_setpoint(self, table: SetpointTable, path: KeyPath) -> bool:
        before = len(self._problems)
        switched = table.kind == Kind.UPS_MODE.value
        for key in _SWITCHED if switched else _RAMPED:
            if getattr(table, key) is None:
                needed = ", ".join(_SWITCHED if switched else _RAMPED)
                self._add((*path, key), f'"{key}" is missing', f"kind {table.kind} needs {needed}")
        for key in _RAMPED if switched else _SWITCHED:
            if getattr(table, key) is not None:
                self._add((*path, key), f"{key} means nothing for kind {table.kind}", "leave it out")
        if switched and table.bounded_span_k is not None:
            message = "a UPS mode has no span: in bounded mode it stands at `local`"
            self._add((*path, "bounded_span_k"), message, "leave it out")
        if switched:
            for key in ("low", "high", "local"):
                value = getattr(table, key)
                if value not in (0.0, 1.0):
                    self._add((*path, key), f"{key} = {value:g} is no UPS mode", "0 double conversion, 1 ECO")
        equal_ok = switched  # low = high = 0 forbids ECO on a side
        if table.low > table.high or (table.low == table.high and not equal_ok):
            message = f"low = {table.low:g} is not below high = {table.high:g}"
            self._add((*path, "low"), message, "swap the two, or mend one")
        elif not table.low <= table.local <= table.high:
            message = f"local = {table.local:g} lies outside {table.low:g}..{table.high:g}"
            self._add((*path, "local"), message, "the site's own setpoint must itself be permitted")
        if table.step is not None and table.step > max(0.0, table.high - table.low):
            self._add((*path, "step"), f"step = {table.step:g} is wider than the range", "0.1 is usual")
        if table.kind == Kind.SUPPLY_AIR.value and table.high > self._file.inlet.warn_c:
            message = f"high = {table.high:g} is above the inlet limit warn_c = {self._file.inlet.warn_c:g}"
            self._add((*path, "high"), message, "a rack inlet is never colder than its supply air: lower high")
        return len(self._problems) == before

    def _check_lift(self) -> None:
        """The two water setpoints must leave room for the least lift, and the site's own must keep it."""
        by_kind = {table.kind: (i, table) for i, table in enumerate(self._file.setpoints)}
        if not {"chilled_water", "condenser_water"} <= set(by_kind):
            return
        (_, chilled), (i, condenser) = by_kind["chilled_water"], by_kind["condenser_water"]
        lift_k = self._file.plant.min_lift_k
        if condenser.high - chilled.low < lift_k:
            message = f"no pair of water setpoints keeps min_lift_k = {lift_k:g}"
            self._add(("setpoints", i, "high"), message, "raise high, or lower low of the chilled water")
        elif condenser.local - chilled.local < lift_k:
            message = f"the site's own water setpoints are only {condenser.local - chilled.local:g} K apart"
            self._add(("setpoints", i, "local"), message, f"they must keep min_lift_k = {lift_k:g}")

    def _check_ride_through(self) -> None:
        restart_s = self._facility.plant.chillers.restart_s if self._facility is not None else 0.0
        if self._file.air.ride_through_min_s < restart_s:
            message = (
                f"ride_through_min_s = {self._file.air.ride_through_min_s:g} is shorter than the chillers' "
                f"restart_s = {restart_s:g}"
            )
            self._add(("air", "ride_through_min_s"), message, f"give at least {restart_s:g}")


def _actuator(index: int, table: SetpointTable, asset: str, name: str, hall: str) -> Actuator:
    switched = table.kind == Kind.UPS_MODE.value
    return Actuator(
        index=index,
        asset=asset,
        name=name,
        kind=Kind(table.kind),
        unit="1" if switched else "degC",
        hall=hall,
        low=table.low,
        high=table.high,
        step=table.step or 1.0,
        max_rise_per_min=table.max_rise_per_min or _NO_RAMP_PER_MIN,
        max_fall_per_min=table.max_fall_per_min or _NO_RAMP_PER_MIN,
        dwell_s=table.dwell_s or 0.0,
        max_changes_per_day=_UNLIMITED_PER_DAY if table.max_changes_per_day is None else table.max_changes_per_day,
        ceiling=Mode(table.ceiling),
        local=table.local,
        span=_BOUNDED_SPAN_K if table.bounded_span_k is None and not switched else table.bounded_span_k or 0.0,
    )


def check_periods(limits: LimitsFile, control: ControlFile, problems: Problems) -> None:
    """The lease against the cycle: one late cycle must not end it."""
    lease_s, period_s = limits.lease.lease_s, control.period_s
    if lease_s < 2.0 * period_s:
        message = f"lease_s = {lease_s:g} does not outlive one late cycle of period_s = {period_s:g}"
        problems.add(FILE, ("lease", "lease_s"), message, f"three periods are usual: {3.0 * period_s:g}")


def check_staleness(limits: LimitsFile, points: PointTable, problems: Problems) -> None:
    """The operator's staleness against each point's period: a point that speaks less often would never be fresh."""
    allowed_s = limits.data.stale_after_s
    slow = [point for point in points if point.period_s > allowed_s]
    if slow:
        slowest = max(slow, key=lambda point: point.period_s)
        message = f"stale_after_s = {allowed_s:g} is shorter than period_s = {slowest.period_s:g} of {slowest.id}"
        fix = f"at least {2.0 * slowest.period_s:g}, or have {len(slow)} such point(s) speak more often"
        problems.add(FILE, ("data", "stale_after_s"), message, fix)


def within_staleness(points: PointTable, limits: Limits) -> PointTable:
    """The same points, none of them trusted for longer than the operator allows."""
    return PointTable(
        tuple(replace(point, stale_after_s=min(point.stale_after_s, limits.stale_after_s)) for point in points)
    )
