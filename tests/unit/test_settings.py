"""Settings: who wins, what is refused, and that no secret is ever printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from twin.domain.errors import ConfigError, Problem
from twin.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("TWIN_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def problems_of(config: Path | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(config)
    return caught.value.problems


def a_secret(directory: Path, name: str, value: str, mode: int = 0o400) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(value)
    path.chmod(mode)
    return path


def test_defaults_are_safe() -> None:
    settings = load_settings()

    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.protocol) == ("127.0.0.1", 1883, "5")
    assert settings.influx.url == ""
    assert settings.control.mode is None
    assert settings.clock.source == "wall"
    assert settings.http.port == 8137
    assert not settings.mqtt.tls.insecure


def test_the_promised_environment_names_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "TWIN_MQTT__HOST": "broker.example",
        "TWIN_MQTT__PORT": "8883",
        "TWIN_MQTT__USERNAME": "twin",
        "TWIN_MQTT__PASSWORD": "123456",
        "TWIN_INFLUX__URL": "http://127.0.0.1:8086/",
        "TWIN_INFLUX__TOKEN": "t0ken",
        "TWIN_INFLUX__ORG": "org",
        "TWIN_INFLUX__BUCKET": "bucket",
        "TWIN_STATE_DIR": str(tmp_path),
        "TWIN_CONTROL__MODE": "control",
    }.items():
        monkeypatch.setenv(name, value)

    settings = load_settings()

    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.username) == ("broker.example", 8883, "twin")
    assert settings.mqtt.password.get_secret_value() == "123456"
    assert (settings.influx.url, settings.influx.org, settings.influx.bucket) == (
        "http://127.0.0.1:8086",
        "org",
        "bucket",
    )
    assert settings.influx.token.get_secret_value() == "t0ken"
    assert (settings.state_dir, settings.control.mode) == (tmp_path, "control")


def test_arguments_beat_credentials_beat_environment_beat_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "some.toml"
    config.write_text('[mqtt]\nhost = "file"\nport = 1\nusername = "file"\nclient_id = "file"\n')
    monkeypatch.setenv("TWIN_MQTT__PORT", "2")
    monkeypatch.setenv("TWIN_MQTT__USERNAME", "environment")
    monkeypatch.setenv("TWIN_MQTT__CLIENT_ID", "environment")
    a_secret(tmp_path / "secrets", "mqtt__username", "credential\n")
    a_secret(tmp_path / "secrets", "mqtt__client_id", "credential\n")
    monkeypatch.setenv("TWIN_SECRETS_DIR", str(tmp_path / "secrets"))

    mqtt = load_settings(config, {"mqtt": {"client_id": "argument"}}).mqtt

    assert (mqtt.host, mqtt.port, mqtt.username, mqtt.client_id) == ("file", 2, "credential", "argument")


def test_a_file_in_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text("[http]\nport = 0\n")
    assert load_settings().http.port == 0


def test_constructing_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_MQTT__HOST", "elsewhere")
    assert Settings().mqtt.host == "127.0.0.1"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().mqtt.port = 1


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_MQTT__USERNAME", "twin")
    monkeypatch.setenv("TWIN_MQTT__PASSWORD", "hush-hush")
    monkeypatch.setenv("TWIN_INFLUX__TOKEN", "hush-hush")

    settings = load_settings()

    assert "hush-hush" not in repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())


def test_no_secret_is_printed_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_MQTT__PASSWORD", "hush-hush")
    monkeypatch.setenv("TWIN_INFLUX__URL", "http://user:hush-hush@127.0.0.1")

    problems = problems_of()

    assert len(problems) == 2
    assert "hush-hush" not in repr(problems)


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o620])
def test_a_secret_that_others_may_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int) -> None:
    a_secret(tmp_path / "secrets", "influx__token", "hush", mode)
    monkeypatch.setenv("TWIN_SECRETS_DIR", str(tmp_path / "secrets"))

    (problem,) = problems_of()

    assert problem.key == "influx__token"
    assert f"{mode:04o}" in problem.message
    assert "chmod 600" in problem.fix


@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_credentials_of_systemd_may_be_readable_by_their_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int
) -> None:
    a_secret(tmp_path / "credentials", "influx__token", "hush\n", mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    assert load_settings().influx.token.get_secret_value() == "hush"


def test_credentials_of_systemd_may_not_be_readable_by_everyone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_secret(tmp_path / "credentials", "influx__token", "hush", 0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    assert "0444" in problems_of()[0].message


def test_a_secret_in_the_settings_file_is_refused_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "some.toml"
    config.write_text('[mqtt]\nusername = "twin"\npassword = "hush"\n')

    (problem,) = problems_of(config)

    assert (problem.file, problem.key, problem.line) == (str(config), "mqtt.password", 3)
    assert "TWIN_MQTT__PASSWORD" in problem.fix


@pytest.mark.parametrize(
    ("text", "key", "line", "phrase"),
    [
        ("[mqtt]\nprot = 1883\n", "mqtt.prot", 2, 'unknown setting "prot"'),
        ("[mqtt.tls]\nenabled = true\ninsecur = true\n", "mqtt.tls.insecur", 3, "unknown setting"),
        ("[mqtt]\ntls.insecur = true\n", "mqtt.tls.insecur", 2, "unknown setting"),
        ('# one\n\n[http]\nport = "none"\n', "http.port", 4, "valid integer"),
        ("[http]\nport = 70000\n", "http.port", 2, "less than or equal to 65535"),
        ("[mqtt\n", ".", 1, "not valid TOML"),
        ('[influx]\nurl = "ftp://x"\n', "influx.url", 2, "not an address"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(
    tmp_path: Path, text: str, key: str, line: int, phrase: str
) -> None:
    config = tmp_path / "some.toml"
    config.write_text(text)

    (problem,) = problems_of(config)

    assert (problem.file, problem.key, problem.line) == (str(config), key, line)
    assert phrase in problem.message
    assert problem.fix


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("TWIN_MQTT__PROT", "1", "did you mean port?"),
        ("TWIN_MQQT__PORT", "1", "TWIN_MQTT"),
        ("TWIN_STATEDIR", "/tmp", "TWIN_STATE_DIR"),
        ("TWIN_CONTROL__MODE", "auto", "mode"),
        ("TWIN_MQTT", "not json", "TWIN_MQTT__HOST"),
        ("TWIN_SECRETS_DIR", "/does/not/exist", "create"),
    ],
)
def test_a_mistake_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str
) -> None:
    monkeypatch.setenv(name, value)

    (problem,) = problems_of()

    assert problem.line == 1
    assert fix in problem.fix


@pytest.mark.parametrize("name", ["TWIN_PORT", "TWIN_SERVICE_HOST", "TWIN_TEST_SCALE"])
def test_names_that_others_set_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "tcp://10.0.0.1:80")
    assert load_settings() == Settings()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_CONTROL__MODE", "")
    assert load_settings().control.mode is None


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "absent.toml")
    assert "cannot be read" in problem.message


def test_tls_files_without_tls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_MQTT__TLS__INSECURE", "true")
    (problem,) = problems_of()
    assert "in the clear" in problem.message


def a_pair(directory: Path, mode: int) -> str:
    """Settings with a certificate and a key of this mode."""
    for name in ("own.crt", "own.key", "ca.crt"):
        (directory / name).write_text("...")
    (directory / "own.key").chmod(mode)
    names = f'cert_file = "{directory}/own.crt"\nkey_file = "{directory}/own.key"\nca_file = "{directory}/ca.crt"'
    return f"[mqtt.tls]\nenabled = true\n{names}\n"


@pytest.mark.parametrize("mode", [0o440, 0o604, 0o644, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    config = tmp_path / "some.toml"
    config.write_text(a_pair(tmp_path, mode))

    (problem,) = problems_of(config)

    assert (problem.file, problem.key, problem.line) == (str(config), "mqtt.tls.key_file", 4)
    assert f"{tmp_path}/own.key" in problem.message
    assert f"{mode:04o}" in problem.message
    assert problem.fix == f"chmod 600 {tmp_path}/own.key"


@pytest.mark.parametrize(("mode", "sound"), [(0o440, True), (0o444, False)])
def test_a_key_among_credentials_of_systemd_may_be_readable_by_their_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, sound: bool
) -> None:
    (tmp_path / "credentials").mkdir()
    config = tmp_path / "some.toml"
    config.write_text(a_pair(tmp_path / "credentials", mode))
    for name in ("own.crt", "ca.crt"):
        (tmp_path / "credentials" / name).chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    if sound:
        assert load_settings(config).mqtt.tls.key_file == tmp_path / "credentials" / "own.key"
    else:
        assert "0444" in problems_of(config)[0].message


def test_the_keys_password_comes_from_a_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "some.toml"
    config.write_text(a_pair(tmp_path, 0o600))
    a_secret(tmp_path / "secrets", "mqtt__tls__key_password", "hush\n")
    monkeypatch.setenv("TWIN_SECRETS_DIR", str(tmp_path / "secrets"))

    tls = load_settings(config).mqtt.tls

    assert tls.key_password.get_secret_value() == "hush"
    assert "hush" not in repr(tls)


def test_the_keys_password_in_the_settings_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "some.toml"
    config.write_text(a_pair(tmp_path, 0o600) + 'key_password = "hush"\n')

    (problem,) = problems_of(config)

    assert (problem.key, problem.line) == ("mqtt.tls.key_password", 6)
    assert "mqtt__tls__key_password" in problem.fix


@pytest.mark.parametrize(
    ("more", "phrase"),
    [
        ('crl_file = "{here}/ca.crt"', "needs ca_file"),
        ('crl_file = "{here}/ca.crt"\nca_file = "{here}/ca.crt"\ninsecure = true', "needs ca_file"),
        ('crl_file = "{here}/none.crl"\nca_file = "{here}/ca.crt"', "does not point to a file"),
    ],
)
def test_a_list_of_revoked_certificates_that_would_not_be_looked_at_is_refused(
    tmp_path: Path, more: str, phrase: str
) -> None:
    (tmp_path / "ca.crt").write_text("...")
    config = tmp_path / "some.toml"
    config.write_text("[mqtt.tls]\nenabled = true\n" + more.replace("{here}", str(tmp_path)))

    (problem,) = problems_of(config)

    assert phrase in problem.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWIN_INFLUX__URL", "http://user@127.0.0.1"),
        ("TWIN_INFLUX__URL", "http://user:hush/hush@127.0.0.1"),
        ("TWIN_INFLUX__URL", "http://127.0.0.1/?token=hush"),
        ("TWIN_INFLUX__URL", "http://hush\u2100@127.0.0.1"),
        ("TWIN_MQTT__HOST", "mqtt://user:hush@broker"),
        ("TWIN_MQTT__HOST", "user:hush@broker"),
        ("TWIN_INFLUX__TOKEN", "hush\nhush"),
    ],
)
def test_an_address_carries_no_secret_and_a_secret_has_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    (problem,) = problems_of()

    assert problem.key == name
    assert "hush" not in repr(problem)
