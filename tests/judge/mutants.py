"""Defects to plant: one small change of text each, and what it breaks. The judge has to see every one."""

from __future__ import annotations

from dataclasses import dataclass

GUARD, PUBLISH = "controllers/guard", "controllers/publish"
LOADER = "twin/sitefile/envelope.py"
RECEIVER, CYCLE = "deploy/receiver/receiver.py", "twin/daemon/cycle.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file`; `hunt` is where the judge should see it first."""

    name: str
    file: str
    old: str
    new: str
    hunt: str = "cycles"


MUTANTS: tuple[Mutant, ...] = (
    # limits
    Mutant("another upper limit", LOADER, "        high=table.high,\n", "        high=table.high + 2.0,\n"),
    Mutant("another lower limit", LOADER, "        low=table.low,\n", "        low=table.low - 2.0,\n"),
    Mutant("a finer step", LOADER, "step=table.step or 1.0,", "step=0.1 * (table.step or 1.0),"),
    Mutant("rises an hour", LOADER, "max_rise_per_min=table.max_rise_per_min or _NO_RAMP_PER_MIN,",
           "max_rise_per_min=60.0 * (table.max_rise_per_min or 1.0),"),
    Mutant("the hotter limit", LOADER, "inlet_warn_c=file.inlet.warn_c,", "inlet_warn_c=file.inlet.revert_c,"),
    Mutant(
        "lifted into its limits",
        f"{GUARD}/envelope.py",
        "elif value < actuator.low and (before >= actuator.low - SAME or value > before + SAME):",
        "elif value < actuator.low:",
    ),
    Mutant("infinity is a wish", f"{GUARD}/envelope.py", "if not math.isfinite(value):", "if False:"),
    Mutant("off the grid", f"{GUARD}/envelope.py", "down = grid_floor(value, actuator.step)", "down = value"),
    Mutant("the grid rounds up", f"{GUARD}/draft.py", "round(math.floor(value / step + 1e-6) * step, 6)",
           "round(math.ceil(value / step - 1e-6) * step, 6)"),
    # rates, their units and signs
    Mutant("rate in seconds", f"{GUARD}/draft.py", "rate_per_min / 60.0 * min(rested_s", "rate_per_min * min(rested_s"),
    Mutant("rise as fast as fall", f"{GUARD}/draft.py", "_allowance(actuator.max_rise_per_min,",
           "_allowance(actuator.max_rise_per_min + actuator.max_fall_per_min,"),
    Mutant("fall as fast as you like", f"{GUARD}/draft.py", "lowest = before - _allowance(",
           "lowest = before - 30.0 - _allowance("),
    Mutant("the wrong sign of a fall", f"{GUARD}/draft.py", "lowest = before - _allowance(",
           "lowest = before + _allowance("),
    Mutant("an hour at rest buys a leap", f"{GUARD}/draft.py", "min(rested_s, max(", "max(rested_s, max("),
    Mutant("ten cycles at once", f"{GUARD}/draft.py", "2.0 * self.control.period_s", "20.0 * self.control.period_s"),
    # UPS
    Mutant("no dwell", f"{GUARD}/envelope.py", "if rested_s < actuator.dwell_s:", "if rested_s < 0.0:"),
    Mutant("dwell in minutes", f"{GUARD}/envelope.py", "if rested_s < actuator.dwell_s:",
           "if rested_s * 60.0 < actuator.dwell_s:"),
    Mutant("one change more", f"{GUARD}/envelope.py", "len(changes) + 1 >", "len(changes) >"),
    Mutant("changes of others do not count", f"{GUARD}/envelope.py",
           "abs(memory.modes.get(point, before) - before) > SAME", "False", "runs"),
    Mutant("load as a number of watts", f"{GUARD}/ups_eco.py", "load_frac >= limits.eco_min_load_frac",
           "load_frac >= 0.01 * limits.eco_min_load_frac"),
    Mutant("only high mains counts", f"{GUARD}/ups_eco.py", "outside = abs(deviation) >", "outside = deviation >",
           "runs"),
    Mutant("an unknown mains will do", f"{GUARD}/ups_eco.py",
           "abs(float(state.mains_deviation_frac[row])) <= limits",
           "not abs(float(state.mains_deviation_frac[row])) > limits"),
    Mutant("distortion is forgotten", f"{GUARD}/ups_eco.py",
           "and float(state.thd_frac[row]) <= limits.eco_max_thd_frac", "and True"),
    Mutant("after a generator all is well", f"{GUARD}/ups_eco.py", "if outside or off_mains:", "if outside:", "runs"),
    Mutant("an empty battery will do", f"{GUARD}/ups_eco.py",
           "float(state.battery_frac[row]) >= limits.eco_min_battery_frac - SAME", "True"),
    Mutant("calm after four minutes", f"{GUARD}/ups_eco.py", "4 * 3600 * NS_PER_S", "4 * 60 * NS_PER_S"),
    Mutant("half a mains is no event", f"{GUARD}/ups_eco.py", "if outside or off_mains:",
           "if (outside or off_mains) and not math.isnan(deviation + thd):", "runs"),
    Mutant("both sides in ECO", f"{GUARD}/ups_eco.py", "len(given.facility.power.ups) - 1 - len(foreign)",
           "len(given.facility.power.ups) - len(foreign)"),
    Mutant("a foreign side does not count", f"{GUARD}/ups_eco.py", "and unwritten(given, sheet, a)[1] >= 0.5]",
           "and sheet.value[a.index] >= 2.0]"),
    # doubt
    Mutant("missing inputs are no matter", f"{GUARD}/doubt.py",
           "if sheet.write[i] and missing and not cooler:", "if False:"),
    Mutant("the quorum is half", f"{GUARD}/doubt.py", "if not quorum_frac >= given.limits.zone_quorum_frac:",
           "if not quorum_frac >= 0.5 * given.limits.zone_quorum_frac:"),
    Mutant("an unknown quorum is one", f"{GUARD}/doubt.py", "if not quorum_frac >= given.limits.zone_quorum_frac:",
           "if quorum_frac < given.limits.zone_quorum_frac:"),
    Mutant("a stale readback will do", f"{GUARD}/doubt.py", "if quality > Quality.SUSPECT:",
           "if quality > Quality.STALE:"),
    Mutant("much doubt is little", f"{GUARD}/doubt.py", "MAX_INLET_SD_K = 0.7", "MAX_INLET_SD_K = 7.0"),
    Mutant("what cannot be read is guessed", f"{GUARD}/doubt.py", "value > min(before, actuator.local) + SAME",
           "value > max(before, actuator.local) + SAME"),
    # heat, water, failures
    Mutant("the margin warms", f"{GUARD}/redundancy.py", "given.limits.inlet_warn_c - margin_k",
           "given.limits.inlet_warn_c + margin_k"),
    Mutant("inlets up to the panic", f"{GUARD}/redundancy.py", "grid_floor(given.limits.inlet_warn_c - margin_k",
           "grid_floor(given.limits.inlet_panic_c - margin_k"),
    Mutant("no inlet is no matter", f"{GUARD}/redundancy.py", "if not what_if.known(now):", "if False:"),
    Mutant("no time to ride through", f"{GUARD}/redundancy.py", "if not lasts_s >= needed_s:", "if lasts_s < 0.0:"),
    Mutant("panic is revert", f"{GUARD}/hot_inlet.py", "if inlet_c > limits.inlet_panic_c and cools:", "if False:"),
    Mutant("warm is not hot", f"{GUARD}/hot_inlet.py", "if inlet_c <= limits.inlet_warn_c:",
           "if not inlet_c > limits.inlet_revert_c:"),
    Mutant("revert ends at revert", f"{GUARD}/hot_inlet.py",
           "(hall.id in before and not inlet_c <= limits.inlet_warn_c)", "False"),
    Mutant("panic runs into the dew point", f"{GUARD}/hot_inlet.py",
           "coldest = min(max(coldest, driest_supply_c(given, actuator)), actuator.high)", "pass"),
    Mutant("the dew point's other side", f"{GUARD}/interlocks.py", "dew_point_c + given.limits.dew_point_margin_k",
           "dew_point_c - given.limits.dew_point_margin_k"),
    Mutant("an unknown dew point is one", f"{GUARD}/interlocks.py", "        return -math.inf",
           "        return actuator.high"),
    Mutant("less lift", f"{GUARD}/interlocks.py", "need_k = given.limits.min_lift_k",
           "need_k = given.limits.min_lift_k - 1.0"),
    Mutant("lift of what is only wished", f"{GUARD}/elsewhere.py",
           "if sheet.write[actuator.index] and not sheet.write[other.index]:", "if False:"),
    # order
    Mutant("limits before orders", f"{GUARD}/pipeline.py", "    rights,\n    inputs,\n    confidence,\n    absolute,\n",
           "    inputs,\n    confidence,\n    absolute,\n    rights,\n"),
    Mutant("rate before limits", f"{GUARD}/pipeline.py", "    absolute,\n    rate,\n", "    rate,\n    absolute,\n"),
    Mutant("heat before rate", f"{GUARD}/pipeline.py", "    minimum_lift,\n    hot_inlet,\n", "    minimum_lift,\n"),
    # authority
    Mutant("advise is control", f"{GUARD}/rights.py", "if not grant.mode.writes:",
           "if grant.mode is Mode.SHADOW:"),
    Mutant("bounded is control", f"{GUARD}/rights.py", "elif grant.mode is Mode.BOUNDED:", "elif False:"),
    Mutant("bounded by the limits", "twin/domain/actuators.py", "min(self.high, self.local + self.span)", "self.high"),
    Mutant("bounded around zero", "twin/domain/actuators.py", "self.local + self.span", "self.span"),
    Mutant("into the band unasked", f"{GUARD}/rights.py", "min(low, given.before(i))", "low"),
    Mutant("held is ours", f"{GUARD}/rights.py", "if grant.held:", "if False:"),
    Mutant("orders are suggestions", f"{GUARD}/rights.py", "if grant.fixed is not None:", "if False:"),
    Mutant("orders end at once", f"{GUARD}/authority.py", "return 0 < until_ns <= now_ns",
           "return until_ns <= now_ns + 60_000_000_000 and until_ns > 0", "orders"),
    Mutant("orders never end", f"{GUARD}/authority.py", "overrides=tuple(o for o in memory.overrides if not _over(",
           "overrides=tuple(o for o in memory.overrides if True or not _over(", "orders"),
    Mutant("no warm-up", f"{GUARD}/authority.py", "if observed_s < given.control.warm_up_s:",
           "if observed_s < 0.0:", "runs"),
    Mutant("cold starts write", f"{GUARD}/authority.py", "if not memory.armed:", "if False:", "runs"),
    Mutant("the ceiling is no ceiling", f"{GUARD}/authority.py",
           "lower_mode(lower_mode(site_wide, for_point), actuator.ceiling)", "lower_mode(site_wide, for_point)",
           "runs"),
    Mutant("the local operator is not seen", f"{GUARD}/authority.py",
           "if given.state.held_by_operator[actuator.index]:", "if False:", "runs"),
    Mutant("unknown stands are known", f"{GUARD}/authority.py", "if not given.previous.known[actuator.index]:",
           "if False:", "runs"),
    # leases
    Mutant("a lease of an hour", f"{PUBLISH}/leases.py",
           "expires_ns=terms.now_ns + round(terms.limits.lease_s * NS_PER_S),",
           "expires_ns=terms.now_ns + round(3600.0 * NS_PER_S),"),
    Mutant("a lease in milliseconds", f"{PUBLISH}/leases.py",
           "expires_ns=terms.now_ns + round(terms.limits.lease_s * NS_PER_S),",
           "expires_ns=terms.now_ns + round(terms.limits.lease_s * 1_000_000_000_000),"),
    Mutant("numbers stand still", f"{PUBLISH}/leases.py",
           "        number=number,\n        seq=entry.seq + 1,", "        number=number,\n        seq=entry.seq,"),
    Mutant("releases have no number", f"{PUBLISH}/leases.py",
           "given = replace(_ended(entry, terms.now_ns), seq=entry.seq + 1,",
           "given = replace(_ended(entry, terms.now_ns), seq=entry.seq,"),
    Mutant("nothing is given back", f"{PUBLISH}/leases.py", "if verdict.release and entry.active:", "if False:"),
    Mutant("denied is written", f"{PUBLISH}/leases.py", "elif verdict.write and _due(", "elif _due("),
    # the second checker
    Mutant("any unit", f"{GUARD}/checker.py", 'if said["u"] != rule.unit:', "if False:", "forged"),
    Mutant("any hash", f"{GUARD}/checker.py", 'if said["limits"] != self._hash:', "if False:", "forged"),
    Mutant("any root", f"{GUARD}/checker.py",
           'if not topic.startswith(self._prefix):\n            return f"{topic} is no command topic"\n'
           "        point = topic.removeprefix(self._prefix)", 'point = topic.split("/_cmd/")[-1]', "forged"),
    Mutant("any life", f"{GUARD}/checker.py", "if not timedelta(0) < life <=",
           "if not life <=", "forged"),
    Mutant("any band", f"{GUARD}/checker.py", 'if said["mode"] == "bounded" and', "if False and", "forged"),
    Mutant("any mode", f"{GUARD}/checker.py", 'if said["mode"] not in _LET.get(rule.ceiling, ()):', "if False:",
           "forged"),
    Mutant("any rise", f"{GUARD}/checker.py", "value > max(before, rule.low) + most + 1e-6", "False", "forged"),
    Mutant("a wider range", f"{GUARD}/checker.py", "if not rule.low <= value <= rule.high:",
           "if not rule.low - 0.5 <= value <= rule.high + 0.5:", "forged"),
    # the receiver
    Mutant("any age", RECEIVER, "if _expires_ns(command) <= now_ns:", "if _expires_ns(command) <= 0:", "replays"),
    Mutant("retained is fresh", RECEIVER, "        if retained:\n", "        if False:\n", "replays"),
    Mutant("once more", RECEIVER, "if (epoch, seq) <= newest:", "if (epoch, seq) < newest:", "replays"),
    Mutant("what was taken is forgotten", RECEIVER, 'self._last[point] = (command["epoch"], command["seq"])', "pass",
           "replays"),
    Mutant("an old master elsewhere", RECEIVER, "if epoch < self._epoch:", "if False:", "masters"),
    Mutant("leases without an end", RECEIVER, "if now_ns >= expires_ns:", "if False:", "masters"),
    # order of the cycle
    Mutant("read back before it is ended", CYCLE, "    ledger = begin(memory.ledger, order.epoch)\n",
           "    ledger = replace(memory.ledger, epoch=order.epoch)\n", "runs"),
)  # fmt: skip
