"""Secrets in places where they do not belong, and with mistakes around them: the daemon refuses, and repeats none."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from tests.chaos.planted import Planted
from twin.cli.main import app
from twin.shipped import shipped_config

SECRET = "<secret>"
CONFIG = 3


@dataclass(frozen=True, slots=True)
class Misplaced:
    """One secret: in the settings file, in a variable, or in a credential file of this name and mode."""

    way: str
    file: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    credential: str = ""
    mode: int = 0o600


MISPLACED = (
    Misplaced("file: password", f'[mqtt]\nusername = "twin"\npassword = "{SECRET}"\n'),
    Misplaced("file: token", f'[influx]\ntoken = "{SECRET}"\n'),
    Misplaced("file: key password", f'[mqtt.tls]\nkey_password = "{SECRET}"\n'),
    Misplaced("file: password, misspelt", f'[mqtt]\npasword = "{SECRET}"\n'),
    Misplaced("file: password in the address", f'[influx]\nurl = "http://twin:{SECRET}@127.0.0.1:8086"\n'),
    Misplaced("file: password in the host", f'[mqtt]\nhost = "mqtts://twin:{SECRET}@broker.example"\n'),
    Misplaced("file: not TOML behind it", f'[mqtt]\npassword = "{SECRET}"\nhost = "\n'),
    Misplaced("file: not TOML in it", f'[mqtt]\npassword = "{SECRET}\n'),
    Misplaced("variable: user info", variables=(("TWIN_INFLUX__URL", f"https://twin:{SECRET}@127.0.0.1"),)),
    Misplaced("variable: user alone", variables=(("TWIN_INFLUX__URL", f"https://{SECRET}@127.0.0.1"),)),
    Misplaced("variable: in a query", variables=(("TWIN_INFLUX__URL", f"http://127.0.0.1:8086/?p={SECRET}"),)),
    Misplaced("variable: no address", variables=(("TWIN_INFLUX__URL", f"http://twin:{SECRET}\u2100@host"),)),
    Misplaced("variable: host", variables=(("TWIN_MQTT__HOST", f"twin:{SECRET}@127.0.0.1"),)),
    Misplaced("variable: misspelt", variables=(("TWIN_MQTT__PASWORD", SECRET),)),
    Misplaced("variable: no JSON", variables=(("TWIN_MQTT", f'{{"password": "{SECRET}"'),)),
    Misplaced("variable: JSON of another shape", variables=(("TWIN_INFLUX", f'["{SECRET}"]'),)),
    Misplaced("variable: a list", variables=(("TWIN_MQTT", f'{{"username": "twin", "password": ["{SECRET}"]}}'),)),
    Misplaced("variable: two lines", variables=(("TWIN_INFLUX__TOKEN", f"{SECRET}\nmore"),)),
    Misplaced("variable: nobody to use it", variables=(("TWIN_MQTT__PASSWORD", SECRET),)),
    Misplaced("variable: no key to open", variables=(("TWIN_MQTT__TLS__KEY_PASSWORD", SECRET),)),
    Misplaced("credential: open to all", credential="influx__token", mode=0o644),
    Misplaced("credential: open to the group", credential="mqtt__password", mode=0o640),
    Misplaced("credential: misspelt", credential="influx__tokn"),
)


def refuse_all(directory: Path, planted: Planted) -> list[str]:
    """Try each with two commands; those that were not refused."""
    return [case.way for case in MISPLACED if not _refused(case, directory, planted)]


def _refused(case: Misplaced, directory: Path, planted: Planted) -> bool:
    way = f"misplaced: {case.way}"
    here = directory / way.replace(" ", "-")
    here.mkdir(parents=True)
    variables = {"TWIN_STATE_DIR": str(here / "state")}
    if case.credential:
        planted.plant_file(way, here / "secrets", case.credential, case.mode)
        variables["TWIN_SECRETS_DIR"] = str(here / "secrets")
    else:
        secret = planted.plant(way)
        variables |= {name: text.replace(SECRET, secret) for name, text in case.variables}
        (here / "twin.toml").write_text(case.file.replace(SECRET, secret), encoding="utf-8")
    site = str(shipped_config("demo"))
    for words in (("config", "check", "--site", site), ("config", "show", "--json"), ("run", "--site", site)):
        options = ["--config", str(here / "twin.toml")] if case.file else []
        with only(variables):
            answer = CliRunner().invoke(app, [*words, *options])
        said = "".join(traceback.format_exception(answer.exception)) if answer.exception else ""
        planted.artefacts[f"{way}: twin {words[0]} {words[1]}"] = (answer.output + said).encode()
        if answer.exit_code != CONFIG:
            return False
    return True


@contextmanager
def only(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables, and no others of ours."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("TWIN_") or name == "CREDENTIALS_DIRECTORY":
            del os.environ[name]
    os.environ |= variables
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before
