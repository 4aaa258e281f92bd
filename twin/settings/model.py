"""Settings of the process: where broker, historian and state are, and how much may be done. The site is not in here.

Sources, strongest first: arguments, credential files, TWIN_* environment, a TOML file. `load_settings` reads them once;
nothing else looks at the environment, and constructing `Settings` reads nothing but the account's home directory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "TWIN_"
DELIMITER = "__"


class Group(BaseModel):
    """A group of settings: unknown names are errors, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


def _one_line(secret: SecretStr) -> SecretStr:
    """A secret of one line: a broken one fails far from here, in a traceback of somebody else's. Raises: ValueError."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in secret.get_secret_value()):
        raise ValueError("a line break or control character in a secret: was the wrong file read?")
    return secret


class TlsSettings(Group):
    """How the broker proves who it is, and we to it."""

    enabled: bool = Field(default=False, description="Speak TLS to the broker.")
    ca_file: FilePath | None = Field(default=None, description="Certificate authority; the system's own when empty.")
    cert_file: FilePath | None = Field(default=None, description="Our certificate, when the broker asks for one.")
    key_file: FilePath | None = Field(default=None, description="The key of our certificate; closed to others.")
    key_password: SecretStr = Field(
        default=SecretStr(""),
        description="Opens key_file. From TWIN_MQTT__TLS__KEY_PASSWORD or the file mqtt__tls__key_password.",
    )
    crl_file: FilePath | None = Field(
        default=None, description="Certificates that ca_file's authority has revoked; without it none is known."
    )
    insecure: bool = Field(default=False, description="Do not check the broker's certificate. For a laboratory only.")

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        if self.key_password.get_secret_value() and self.key_file is None:
            raise ValueError("key_password opens key_file, which is not given")
        if self.crl_file and (self.insecure or self.ca_file is None):
            raise ValueError("crl_file needs ca_file, and insecure = false: else no certificate is looked up in it")
        if not self.enabled and (self.ca_file or self.cert_file or self.crl_file or self.insecure):
            raise ValueError("TLS files are given but enabled is false: the broker would be spoken to in the clear")
        return self


class MqttSettings(Group):
    """The broker."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Host name or address.")
    port: int = Field(default=1883, ge=1, le=65535, description="Port; 8883 is usual with TLS.")
    username: str = Field(default="", description="Empty = anonymous.")
    password: SecretStr = Field(
        default=SecretStr(""), description="From TWIN_MQTT__PASSWORD or the file mqtt__password."
    )
    tls: TlsSettings = TlsSettings()
    protocol: Literal["5", "3.1.1"] = Field(default="5", description="MQTT version.")
    client_id: str = Field(default="", max_length=120, description="Empty = thermotwin-<site>. Names our session.")
    keepalive_s: int = Field(
        default=10, ge=1, le=600, description="Silence after which either side calls the link dead, s."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=120, description="Longest wait for one answer of the broker, s.")
    session_expiry_s: int = Field(
        default=3600, ge=0, le=604_800, description="The broker keeps messages for us this long, s."
    )
    most_per_topic_hz: float = Field(
        default=500.0, gt=0, le=1e6, description="A topic that speaks faster loses the surplus, messages a second."
    )

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if not set(host).isdisjoint("@/?#") or any(letter.isspace() for letter in host):
            raise ValueError("not a host name or address alone: user, password and port are settings of their own")
        return host

    @field_validator("password")
    @classmethod
    def _password(cls, password: SecretStr) -> SecretStr:
        return _one_line(password)

    @model_validator(mode="after")
    def _who(self) -> Self:
        if self.password.get_secret_value() and not self.username:
            raise ValueError("a password without a username is never sent: give username")
        return self


class InfluxSettings(Group):
    """The historian outside. Without a url everything stays in the state directory."""

    url: str = Field(default="", description="Base URL, http or https; empty = off.")
    token: SecretStr = Field(default=SecretStr(""), description="From TWIN_INFLUX__TOKEN or the file influx__token.")
    org: str = Field(default="thermotwin", description="Organisation; ignored by InfluxDB 3 and VictoriaMetrics.")
    bucket: str = Field(default="thermotwin", min_length=1, description="Bucket, or database.")
    gzip: bool = Field(default=True, description="Compress what is sent.")
    timeout_s: float = Field(default=10.0, gt=0, le=120, description="Longest wait for one answer, s.")

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if not url:
            return url
        try:
            parts = urlsplit(url)
        except ValueError:  # whose words repeat the address, and what is hidden in it
            raise ValueError("not an address such as http://127.0.0.1:8086") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("not an address such as http://127.0.0.1:8086")
        # anywhere: a password with a slash in it is no longer seen as one
        if "@" in url or parts.query or parts.fragment:
            raise ValueError("a url must not carry a password (@), or anything behind ? or #: it would show in logs")
        return url.rstrip("/")

    @field_validator("token")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        return _one_line(token)


class ControlSettings(Group):
    """What the site file leaves to whoever starts the process."""

    mode: Literal["shadow", "advise", "bounded", "control"] | None = Field(
        default=None, description="Instead of the site's own mode."
    )


class ClockSettings(Group):
    """Which time the daemon lives in."""

    source: Literal["wall", "event"] = Field(default="wall", description="event: now is the newest source time.")


class LogSettings(Group):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is written."
    )
    json_lines: bool = Field(default=False, description="One JSON object a line instead of text.")


class HttpSettings(Group):
    """Health and metrics; on the loopback address only."""

    port: int = Field(default=8137, ge=0, le=65535, description="Port on 127.0.0.1; 0 = any free one.")


class HistorianSettings(Group):
    """The spool between intake and historian: how long, how much, how fast."""

    retention_days: float = Field(default=31.0, gt=0, le=3660, description="Kept after delivery, days.")
    spool_max_mb: int = Field(
        default=2048, ge=16, le=1_000_000, description="Above, the oldest of the lowest class goes, MB."
    )
    batch_lines: int = Field(default=5000, ge=1, le=50_000, description="Most lines in one write.")
    flush_s: float = Field(default=1.0, gt=0, le=60, description="Longest a line waits for company, s.")
    resend_window_s: float = Field(default=60.0, ge=0, le=3600, description="Sent again after the sink crashed, s.")


def default_state_dir() -> Path:
    """Where state goes when nobody says: the account's own state directory, or the system's without a home."""
    base = os.environ.get("XDG_STATE_HOME")
    if base:
        return Path(base) / "thermotwin"
    try:
        return Path.home() / ".local" / "state" / "thermotwin"
    except RuntimeError:  # an account without a home directory
        return Path("/var/lib/thermotwin")


class Settings(BaseSettings):
    """Everything a process needs beyond its site."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    mqtt: MqttSettings = MqttSettings()
    influx: InfluxSettings = InfluxSettings()
    control: ControlSettings = ControlSettings()
    clock: ClockSettings = ClockSettings()
    log: LogSettings = LogSettings()
    http: HttpSettings = HttpSettings()
    historian: HistorianSettings = HistorianSettings()
    state_dir: Path = Field(default_factory=default_state_dir, description="What must survive a restart.")
    site_dir: Path | None = Field(default=None, description="Site directory, when --site is not given.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only; the other sources are joined by `load_settings`, which knows where each value came from."""
        return (init_settings,)
