"""Broken configurations: each is a shipped site, the demo unless said, with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broken:
    """What is changed, and what must be said about it.

    `old` is replaced once by `new` in `file`. The problem must stand in that file at `key`, on the first line that
    contains `line_with` (counted from the line that contains `after`, when given), and its message must have `phrase`.
    """

    name: str
    file: str
    old: str
    new: str
    key: str
    line_with: str
    phrase: str
    fix: str = ""
    after: str = ""
    site: str = "demo"


SITE = (
    Broken("unknown key", "site.toml", "altitude_m = 100", "altitude = 100", "site.altitude", "altitude = 100",
           'unknown key "altitude"', "did you mean altitude_m?"),
    Broken("missing key", "site.toml", 'name = "Reference facility"\n', "", "site.name", "[site]", '"name" is missing'),
    Broken("missing table", "site.toml", "[plant.towers]", "[plant.towerz]", "plant.towers", "[plant]",
           '"towers" is missing'),
    Broken("misspelt table", "site.toml", "[plant.towers]", "[plant.towerz]", "plant.towerz", "[plant.towerz]",
           'unknown key "towerz"', "did you mean towers?"),
    Broken("text for a number", "site.toml", "altitude_m = 100", 'altitude_m = "100 m"', "site.altitude_m",
           "altitude_m", "is not a number", "without quotes"),
    Broken("number for a text", "site.toml", 'name = "Reference facility"', "name = 7", "site.name", "name = 7",
           "is not a text"),
    Broken("fraction for a count", "site.toml", "needed = 10", "needed = 9.5", "halls[0].crah.needed", "needed = 9.5",
           "is not a whole number"),
    Broken("out of range", "site.toml", "bypass_frac = 0.05", "bypass_frac = 5", "halls[0].bypass_frac",
           "bypass_frac = 5", "out of range", "at most 0.9"),
    Broken("infinite", "site.toml", "lights_w = 5000", "lights_w = inf", "halls[0].lights_w", "lights_w = inf",
           "is not a finite number"),
    Broken("rack in kW", "site.toml", "rated_w = 7500", "rated_w = 7.5", "halls[0].racks[0].rated_w", "rated_w = 7.5",
           "out of range", "at least 100"),
    Broken("unknown fleet", "site.toml", 'fleet = "modern"', 'fleet = "modem"', "halls[0].fleet", 'fleet = "modem"',
           'there is no server fleet "modem"', 'did you mean "modern"?'),
    Broken("unknown UPS curve", "site.toml", '"vfi-modern"', '"vfi-moderm"', "power.ups[0].double_conversion",
           "double_conversion", "there is no UPS curve", "vfi-modern"),
    Broken("unknown chiller", "site.toml", "carrier-19xr-1234kw", "carrier-19xr-1243kw", "plant.chillers.curve",
           "curve =", "is not in the catalogue", "carrier-19xr-1234kw"),
    Broken("air-cooled chiller", "site.toml", "carrier-19xr-1234kw", "air-cooled-screw-1050kw", "plant.chillers.curve",
           "curve =", "air-cooled"),
    Broken("more needed than there are", "site.toml", "needed = 10", "needed = 13", "halls[0].crah.needed",
           "needed = 13", "only 12"),
    Broken("id without number", "site.toml", '"{hall}-r{n:03}"', '"{hall}-r"', "halls[0].racks[0].id",
           'id = "{hall}-r"', "given twice", "{n}"),
    Broken("unknown field in an id", "site.toml", '"{hall}-r{n:03}"', '"{hal}-r{n:03}"', "halls[0].racks[0].id",
           "{hal}", "there is no field {hal}", "{hall}"),
    Broken("return colder than supply", "site.toml", "design_return_c = 35", "design_return_c = 20",
           "halls[0].crah.design_return_c", "design_return_c", "is not above design_supply_c"),
    Broken("air handlers in kW", "site.toml", "design_w = 100e3", "design_w = 10e3", "halls[0].crah.design_w",
           "design_w = 10e3", "racks are rated 750000 W"),
    Broken("staging upside down", "site.toml", "stage_down_frac = 0.60", "stage_down_frac = 0.90",
           "plant.chillers.stage_down_frac", "stage_down_frac", "not below stage_up_frac"),
    Broken("UPS too small", "site.toml", "module_w = 200e3", "module_w = 20e3", "power.ups[0].module_w",
           "module_w = 20e3", "racks are rated"),
    Broken("transformers in kVA", "site.toml", "transformer_va = 2.5e6", "transformer_va = 25e3",
           "power.transformer_va", "transformer_va", "transformers carry"),
    Broken("missing quote", "site.toml", 'id = "demo"', 'id = "demo', ".", 'id = "demo', "not valid TOML"),
    Broken("key given twice", "site.toml", "seed = 1", "seed = 1\nseed = 2", ".", "seed = 2", "not valid TOML"),
    Broken("too many racks", "site.toml", "count = 100", "count = 100000000", "halls[0].racks[0].count",
           "count = 100000000", "out of range", "at most 10000"),
)  # fmt: skip

POINTS = (
    Broken("unknown unit", "points.toml", 'path = "{rack}.power", unit = "kW"', 'path = "{rack}.power", unit = "kWw"',
           "points[0].values.power_w.unit", 'unit = "kWw"', 'unknown unit "kWw"', "kW"),
    Broken("everyday name of a unit", "points.toml", '"fan_speed", unit = "%"', '"fan_speed", unit = "percent"',
           "points[1].values.fan_frac.unit", '"percent"', "unknown unit", 'did you mean "%"?'),
    Broken("unit of another quantity", "points.toml", 'path = "{rack}.inlet", unit = "degC"',
           'path = "{rack}.inlet", unit = "kPa"', "points[0].values.inlet_c.unit", 'unit = "kPa"',
           "cannot become degC"),
    Broken("no unit", "points.toml", 'path = "{rack}.inlet", unit = "degC"', 'path = "{rack}.inlet"',
           "points[0].values.inlet_c", "inlet_c =", "unit on the wire is not given"),
    Broken("unknown codec", "points.toml", 'codec = "batch"', 'codec = "bach"', "points[0].codec", 'codec = "bach"',
           "is not known", 'did you mean "batch"?'),
    Broken("unknown point", "points.toml", "inlet_c = ", "inlt_c = ", "points[0].values.inlt_c", "inlt_c",
           'has no point "inlt_c"', "did you mean inlet_c?"),
    Broken("unknown class", "points.toml", 'each = "rack"', 'each = "racks"', "points[0].each", 'each = "racks"',
           "is not known", 'did you mean "rack"?'),
    Broken("unknown asset", "points.toml", 'each = "crah"', 'each = "crah"\nonly = ["h1-crah-21"]', "points[1].only[0]",
           "h1-crah-21", 'there is no crah "h1-crah-21"', "h1-crah-"),
    Broken("control character in a topic", "points.toml", "{hall}/{crah}/telemetry", "{hall}/\\u0007/telemetry",
           "points[1].topic", "u0007", "has a control character"),
    Broken("wildcard in a topic", "points.toml", "{hall}/{crah}/telemetry", "{hall}/+/telemetry", "points[1].topic",
           "+/telemetry", "has a wildcard"),
    Broken("reserved topic", "points.toml", "dc/{site}/plant/water", "dc/{site}/_cmd/plant/water", "points[4].topic",
           "_cmd/plant", "the daemon's own"),
    Broken("field that the class has not", "points.toml", "dc/{site}/plant/water", "dc/{site}/{hall}/water",
           "points[4].topic", "{hall}/water", "there is no field {hall}"),
    Broken("same value read twice", "points.toml", "{rack}.inlet", "row.inlet", "points[0].values.inlet_c",
           "row.inlet", "reads the same value as h1-r001/inlet_c"),
    Broken("point mapped twice", "points.toml", "it_w = { unit", "facility_w = { unit", "points[12].values.facility_w",
           "facility_w = { unit", "mapped twice", after="meter/it/power"),
    Broken("stale before it is due", "points.toml", "stale_after_s = 180", "stale_after_s = 30",
           "points[0].stale_after_s", "stale_after_s = 30", "shorter than period_s"),
    Broken("key of another codec", "points.toml", 'measurement = "weather"',
           'measurement = "weather"\nvalues_path = "x"', "points[10].values_path", 'values_path = "x"',
           "means nothing with codec line"),
    Broken("line without measurement", "points.toml", 'measurement = "weather"\n', "", "points[10]", "[[points]]",
           '"measurement" is missing', after="# Weather station"),
    Broken("range upside down", "points.toml", 'path = "dew_point", unit = "degC"',
           'path = "dew_point", unit = "degC", low = 40, high = 10', "points[2].values.dew_point_c.low", "low = 40",
           "is not below high"),
    Broken("two codecs on one topic", "points.toml", "dc/{site}/meter/it/power", "dc/{site}/plant/power",
           "points[12].codec", 'codec = "scalar"', "two codecs",
           after='each = "meter"\ntopic = "dc/{site}/plant/power'),
    Broken("not a filter", "points.toml", "dc/{site}/_sim/#", "dc/{site}/_sim#", "ignore[0]", "_sim#",
           "is not a topic filter"),
)  # fmt: skip

OTHERS = (
    Broken("staleness below a period", "limits.toml", "stale_after_s = 180", "stale_after_s = 30",
           "data.stale_after_s", "stale_after_s = 30", "shorter than period_s = 60", "at least 120"),
    Broken("limits upside down", "limits.toml", "low = 18", "low = 26", "setpoints[0].low", "low = 26",
           "is not below high"),
    Broken("local outside", "limits.toml", "local = 22", "local = 30", "setpoints[0].local", "local = 30",
           "lies outside 18..25"),
    Broken("above the inlet limit", "limits.toml", "high = 25", "high = 28", "setpoints[0].high", "high = 28",
           "above the inlet limit"),
    Broken("warn above revert", "limits.toml", "warn_c = 27", "warn_c = 30", "inlet.warn_c", "warn_c = 30",
           "is not below revert_c"),
    Broken("no readback", "limits.toml", "{hall}/supply_air_sp_c", "{hall}/supply_air_c", "setpoints[0].point",
           "supply_air_c", "is written to"),
    Broken("readback not mapped", "points.toml", "cws_sp_c = { path", "cws_c = { path", "points[6].values.cws_c",
           'cws_c = { path = "condenser_supply', "mapped twice"),
    Broken("unknown side", "limits.toml", "ups-b/mode", "ups-c/mode", "setpoints[4].point", "ups-c/mode",
           'there is no ups "ups-c"', "ups-"),
    Broken("setpoint given twice", "limits.toml", "ups-b/mode", "ups-a/mode", "setpoints[4].point", "ups-a/mode",
           "given twice", after="# side B"),
    Broken("ramp for a mode", "limits.toml", "dwell_s = 3600", "dwell_s = 3600\nstep = 1", "setpoints[3].step",
           "step = 1", "means nothing for kind ups_mode", after="ups-a/mode"),
    Broken("no ramp", "limits.toml", "max_fall_per_min = 0.2 ", "# ", "setpoints[0].max_fall_per_min",
           "[[setpoints]]", '"max_fall_per_min" is missing'),
    Broken("unknown ceiling", "limits.toml", 'ceiling = "control"', 'ceiling = "controll"', "setpoints[0].ceiling",
           'ceiling = "controll"', "is not known", 'did you mean "control"?'),
    Broken("no lift left", "limits.toml", "min_lift_k = 5", "min_lift_k = 25", "setpoints[2].high", "high = 30",
           "no pair of water setpoints"),
    Broken("ride-through shorter than a restart", "limits.toml", "ride_through_min_s = 240", "ride_through_min_s = 60",
           "air.ride_through_min_s", "ride_through_min_s", "shorter than the chillers'"),
    Broken("lease shorter than two cycles", "limits.toml", "lease_s = 180", "lease_s = 90", "lease.lease_s",
           "lease_s = 90", "does not outlive"),
    Broken("unknown mode", "control.toml", '"shadow"', '"auto"', "mode", "mode =", "is not known", "shadow"),
    Broken("unknown controller", "control.toml", '"predictive"', '"predictiv"', "controller", "controller",
           "is not known", 'did you mean "predictive"?'),
    Broken("boolean for a number", "control.toml", "warm_up_s = 300", "warm_up_s = true", "warm_up_s", "warm_up_s",
           "is not a number"),
    Broken("bands overlap", "tariff.toml", "start_hour = 10", "start_hour = 7", "bands[1].start_hour",
           "start_hour = 7", 'overlaps "valley"'),
    Broken("band without length", "tariff.toml", "end_hour = 12", "end_hour = 10", "bands[1].end_hour",
           "end_hour = 10", "no length"),
    Broken("hour 25", "tariff.toml", "end_hour = 22", "end_hour = 25", "bands[2].end_hour", "end_hour = 25",
           "out of range"),
)  # fmt: skip

BROKEN = (*SITE, *POINTS, *OTHERS)
