"""Broken descriptions of liquid cooling, direct expansion, storage and the like: `configs/site.full` unless said."""

from __future__ import annotations

from functools import partial

from tests.unit.cli.broken import Broken

_Full = partial(Broken, file="site.toml", site="site.full")
_Demo = partial(Broken, file="site.toml", site="demo")

_CRAH = """[halls.crah]
count = 4
needed = 3
id = "{hall}-crah-{n}"
design_w = 60e3
design_flow_m3_s = 4.3
design_fan_w = 3400
design_return_c = 34
design_supply_c = 22
design_chw_in_c = 14
design_chw_out_c = 20
"""
_CRAC = """[halls.crac]
count = 1
needed = 1
design_w = 60e3
design_flow_m3_s = 4.3
design_fan_w = 3400
design_return_c = 34
design_supply_c = 22
cop_rated = 3
"""
_DOORS = """[halls.rear_doors]
design_w = 50e3
design_exhaust_c = 38
design_leaving_c = 34.7
design_water_in_c = 32
design_water_out_c = 35
"""
_COOLERS = """[liquid.coolers]
count = 3
id = "dry-{n}"
design_w = 300e3              # heat rejected by one at this point
design_in_c = 42
design_out_c = 32
design_air_c = 26             # dry bulb; wet bulb when sink = "towers"
fan_w = 12e3
pad_frac = 0.8                # wetted pad; 0 without
pad_above_c = 20              # dry up to this dry bulb
"""
_DOOR, _CURVE = "halls[0].rear_doors", "plant.chillers.curve"
_CDU, _TANK, _COOLER = "liquid.cdus[0]", "liquid.tanks[0]", "liquid.coolers"

HALLS = (
    _Full("two kinds of air handler", old=_CRAH, new=_CRAH + _CRAC, key="halls[1].crac", line_with="[halls.crac]",
          phrase="[halls.crah] or [halls.crac], here are both", fix="keep", after="# ---- h2"),
    _Full("no air handlers", old=_CRAH, new="", key="halls[1]", line_with="[[halls]]",
          phrase="both [halls.crah] and [halls.crac] are missing", fix="crac for direct expansion", after="# ---- h2"),
    _Full("direct expansion too small", old="design_w = 50e3               #", new="design_w = 5e3 #",
          key="halls[0].crac.design_w", line_with="design_w = 5e3", phrase="150000 W of it for them"),
    _Full("more units needed than there are", old="needed = 4", new="needed = 7", key="halls[0].crac.needed",
          line_with="needed = 7", phrase="only 5"),
    _Full("pumped refrigerant upside down", old="economiser_full_c = 5 ", new="economiser_full_c = 12 ",
          key="halls[0].crac.economiser_off_c", line_with="economiser_off_c", phrase="is not above economiser_full_c"),
    _Full("outside air never humid enough", old="most_dew_c = 15", new="most_dew_c = -15",
          key="halls[1].outside_air.most_dew_c", line_with="most_dew_c", phrase="is not above least_dew_c"),
    _Full("outside air in percent", old="most_frac = 0.9 ", new="most_frac = 90 ", key="halls[1].outside_air.most_frac",
          line_with="most_frac = 90", phrase="out of range", fix="at most 1"),
    _Full("doors colder than their water", old="design_leaving_c = 34.7", new="design_leaving_c = 31",
          key=f"{_DOOR}.design_leaving_c", line_with="design_leaving_c", phrase="not above design_water_in_c"),
    _Full("doors that warm the air", old="design_leaving_c = 34.7", new="design_leaving_c = 39",
          key=f"{_DOOR}.design_exhaust_c", line_with="design_exhaust_c", phrase="not above design_leaving_c"),
    _Full("doors that cool their water", old="design_water_out_c = 35", new="design_water_out_c = 32",
          key=f"{_DOOR}.design_water_out_c", line_with="design_water_out_c", phrase="not above design_water_in_c"),
    _Full("doors with water hotter than air", old="design_water_out_c = 35", new="design_water_out_c = 38",
          key=f"{_DOOR}.design_exhaust_c", line_with="design_exhaust_c", phrase="not above design_water_out_c"),
    _Demo("doors without water", old="[plant]\n", new=f"{_DOORS}\n[plant]\n", key=_DOOR,
          line_with="[halls.rear_doors]", phrase="there is no [liquid]"),
)  # fmt: skip

PLANT = (
    _Full("curve of another model", old='model = "eir"', new='model = "reformulated"', key=f"{_CURVE}.eir_part_load",
          line_with="eir_part_load = [", phrase="has 10 numbers in eir_part_load, here are 3"),
    _Full("unknown model of a curve", old='model = "eir"', new='model = "eer"', key=f"{_CURVE}.model",
          line_with='model = "eer"', phrase="is not known", fix='did you mean "eir"?'),
    _Full("a number too few", old="capacity = [1.002148, ", new="capacity = [", key=f"{_CURVE}.capacity",
          line_with="capacity = [", phrase="out of range", fix="at least 6"),
    _Full("a number too many", old="capacity = [", new="capacity = [0.0, ", key=f"{_CURVE}.capacity",
          line_with="capacity = [", phrase="out of range", fix="at most 6"),
    _Full("box upside down", old="[4.44, 8.89]", new="[8.89, 4.44]", key=f"{_CURVE}.chws_c", line_with="[8.89, 4.44]",
          phrase="is no range", fix="[low, high]"),
    _Full("a machine below nothing", old="eir = [0.4475957, ", new="eir = [-4.475957, ", key=f"{_CURVE}.eir",
          line_with="eir = [-", phrase="a machine is above 0", fix="1, x, x2, y, y2, xy"),
    _Full("air-cooled chiller of one's own", old="condenser_kg_s = 37.85", new="air_cooled = true",
          key=f"{_CURVE}.air_cooled", line_with="air_cooled = true", phrase="water-cooled plants only"),
    _Demo("curve without a name", old='"carrier-19xr-1234kw"', new='""', key=_CURVE, line_with='curve = ""',
          phrase="no name of a chiller curve", fix="or a table"),
    _Demo("number for a curve", old='"carrier-19xr-1234kw"', new="7", key=_CURVE, line_with="curve = 7",
          phrase="is not a table"),
    _Full("economiser that has nothing to do", old="design_return_c = 20 ", new="design_return_c = 13 ",
          key="plant.economiser.design_return_c", line_with="design_return_c = 13 ", phrase="is not above 13.5"),
)  # fmt: skip

LIQUID = (
    _Full("unknown hall of a coolant unit", old='hall = "h1"\ncount = 3', new='hall = "h3"\ncount = 3',
          key=f"{_CDU}.hall", line_with='hall = "h3"', phrase='there is no hall "h3"', fix='"h1", "h2"'),
    _Full("unknown hall of a tank", old='hall = "h1"\nid = "{hall}-tank', new='hall = "x"\nid = "{hall}-tank',
          key=f"{_TANK}.hall", line_with='hall = "x"', phrase='there is no hall "x"'),
    _Demo("coolant without units", old="lights_w = 5000", new="lights_w = 5000\nliquid_frac = 0.5",
          key="halls[0].liquid_frac", line_with="liquid_frac", phrase='"h1" has no coolant unit', fix="liquid.cdus"),
    _Full("units without coolant", old="liquid_frac = 0.75", new="liquid_frac = 0", key=f"{_CDU}.hall",
          line_with='hall = "h1"', phrase="nothing to cool", fix="liquid_frac"),
    _Full("coolant units too small", old="design_w = 300e3\nfacility_in_c", new="design_w = 100e3\nfacility_in_c",
          key=f"{_CDU}.design_w", line_with="design_w = 100e3", phrase="carry 400000 W, coolant catches 600000 W",
          after="[[liquid.cdus]]"),
    _Full("coolant colder than facility water", old="coolant_supply_c = 36", new="coolant_supply_c = 31",
          key=f"{_CDU}.coolant_supply_c", line_with="coolant_supply_c", phrase="not above facility_in_c"),
    _Full("facility water hotter than coolant", old="coolant_return_c = 46", new="coolant_return_c = 41",
          key=f"{_CDU}.coolant_return_c", line_with="coolant_return_c", phrase="not above facility_out_c"),
    _Full("coolant that cools on its way", old="coolant_return_c = 46", new="coolant_return_c = 36",
          key=f"{_CDU}.coolant_return_c", line_with="coolant_return_c", phrase="not above coolant_supply_c"),
    _Full("facility water that cools on its way", old="facility_out_c = 42", new="facility_out_c = 30",
          key=f"{_CDU}.facility_out_c", line_with="facility_out_c", phrase="not above facility_in_c"),
    _Full("bath colder than its fluid", old="coolant_return_c = 48", new="coolant_return_c = 39",
          key=f"{_TANK}.coolant_return_c", line_with="coolant_return_c = 39", phrase="not above coolant_supply_c"),
    _Full("setpoint of coolant too cold", old="setpoint_c = 36", new="setpoint_c = 30", key=f"{_CDU}.setpoint_c",
          line_with="setpoint_c = 30", phrase="is not above liquid.setpoint_c = 30", after="[[liquid.cdus]]"),
    _Full("coolant at the dew point", old="dew_margin_k = 2", new="dew_margin_k = 1", key=f"{_CDU}.dew_margin_k",
          line_with="dew_margin_k", phrase="out of range", fix="at least 2"),
    _Full("misspelt key of a unit", old="pump_w = 3000", new="pumps_w = 3000", key=f"{_CDU}.pumps_w",
          line_with="pumps_w", phrase='unknown key "pumps_w"', fix="did you mean pump_w?"),
    _Demo("liquid cooling of nothing", old="[power]\n", new='[liquid]\nsink = "chilled_water"\n\n[power]\n',
          key="liquid", line_with="[liquid]", phrase="cools nothing"),
    _Full("unknown sink", old='sink = "dry_coolers"', new='sink = "dry_cooler"', key="liquid.sink",
          line_with='sink = "dry_cooler"', phrase="is not known", fix='did you mean "dry_coolers"?'),
    _Full("coolers of chilled water", old='sink = "dry_coolers"', new='sink = "chilled_water"', key=_COOLER,
          line_with="[liquid.coolers]", phrase="coolers mean nothing", after="[[liquid.tanks]]"),
    _Full("dry coolers without coolers", old=_COOLERS, new="", key="liquid.sink", line_with="sink =",
          phrase="needs [liquid.coolers]"),
    _Full("loop without water", old="loop_m3 = 6\n", new="", key="liquid.loop_m3", line_with="[liquid]",
          phrase='"loop_m3" is missing', fix="dry_coolers", after="# ---- liquid"),
    _Full("coolers too small", old="design_w = 300e3              #", new="design_w = 200e3 #",
          key=f"{_COOLER}.design_w", line_with="design_w = 200e3 #", after="[[liquid.tanks]]",
          phrase="reject 600000 W, coolant and rear doors bring 650000 W"),
    _Full("dry coolers below outdoor air", old="design_air_c = 26", new="design_air_c = 33",
          key=f"{_COOLER}.design_out_c", line_with="design_out_c = 32", phrase="not above design_air_c"),
    _Full("dry coolers at outdoor air", old="design_air_c = 26", new="design_air_c = 31.9",
          key=f"{_COOLER}.design_out_c", line_with="design_out_c = 32", phrase="nearer to the air", fix="32.4"),
    _Full("coolers that heat", old="design_in_c = 42", new="design_in_c = 31", key=f"{_COOLER}.design_in_c",
          line_with="design_in_c = 31", phrase="not above design_out_c"),
    _Full("towers with a pad", old='sink = "dry_coolers"', new='sink = "towers"', key=f"{_COOLER}.pad_frac",
          line_with="pad_frac = 0.8 ", phrase="a pad means nothing", after="[liquid.coolers]\n"),
)  # fmt: skip

POWER = (
    _Full("battery limits upside down", old="least_frac = 0.1", new="least_frac = 0.96",
          key="power.batteries[0].least_frac", line_with="least_frac = 0.96", phrase="not below most_frac"),
    _Full("battery in kWh", old="energy_j = 3.6e9", new="energy_j = 1000", key="power.batteries[0].energy_j",
          line_with="energy_j = 1000", phrase="out of range", fix="1 kWh is 3.6e6"),
    _Full("unknown mount", old='"open_rack"', new='"open_rak"', key="power.solar[0].mount", line_with='"open_rak"',
          phrase="is not known", fix='did you mean "open_rack"?'),
    _Full("solar arrays nowhere", old="latitude_deg = 50.1 ", new="# ", key="site.latitude_deg", line_with="[site]",
          phrase='"latitude_deg" is missing', fix="solar arrays need it"),
    _Full("solar arrays on one meridian", old="longitude_deg = 8.7 ", new="# ", key="site.longitude_deg",
          line_with="[site]", phrase='"longitude_deg" is missing', fix="solar arrays need it"),
    _Full("standby sets too small", old="rated_w = 1.2e6", new="rated_w = 120e3", key="power.generators.rated_w",
          line_with="rated_w = 120e3", phrase="carry 240000 W, the racks are rated 960000 W"),
    _Full("two arrays of one name", old="pv-front", new="pv-roof", key="power.solar[1].id", line_with='id = "pv-roof"',
          phrase="given twice", after='id = "pv-roof"\nrated_w = 60e3'),
    _Full("a cooler that is called like a chiller", old='"dry-{n}"', new='"ch-{n}"', key=f"{_COOLER}.id",
          line_with='id = "ch-{n}"', phrase='"ch-1" is given twice', after="[liquid.coolers]\n"),
)  # fmt: skip

SYSTEMS = (*HALLS, *PLANT, *LIQUID, *POWER)
