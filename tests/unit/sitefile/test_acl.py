"""The broker's access list: one user for each role and device, and nobody reaches more than is theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.main import app
from twin.domain.errors import TwinError
from twin.domain.site import Site, SourceRule
from twin.shipped import shipped_config
from twin.sitefile.acl import Account, accounts_of, acl_text
from twin.sitefile.load import load_site
from twin.sitefile.wiring import filter_covers

SITES = ("demo", "site.example", "site.full")
ROLES = ("twin", "receiver", "operator", "viewer")


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest) -> Site:
    return load_site(shipped_config(request.param))


@pytest.fixture
def demo() -> Site:
    return load_site(shipped_config("demo"))


def account(site: Site, user: str) -> Account:
    return next(one for one in accounts_of(site) if one.user == user)


def with_topics(site: Site, rename: dict[str, str], subscriptions: tuple[str, ...] | None = None) -> Site:
    """The site, some of its topics under other names."""
    rules = tuple(replace(rule, topic=rename.get(rule.topic, rule.topic)) for rule in site.topics.rules)
    heard = subscriptions or tuple(dict.fromkeys(rule.topic for rule in rules))
    return replace(site, topics=replace(site.topics, rules=rules, subscriptions=heard))


def topics(site: Site) -> set[str]:
    return {rule.topic for rule in site.topics.rules}


def test_only_the_daemon_may_command(site: Site) -> None:
    root = site.topics.root
    may = {one.user for one in accounts_of(site) if any(filter_covers(f, f"{root}/_cmd/h1/x") for f in one.writes)}
    assert may == {"twin"}


def test_only_an_operator_may_give_orders(site: Site) -> None:
    root = site.topics.root
    may = {one.user for one in accounts_of(site) if any(filter_covers(f, f"{root}/_op/mode") for f in one.writes)}
    assert may == {"operator"}


def test_a_viewer_says_nothing_and_devices_hear_nothing(site: Site) -> None:
    accounts = accounts_of(site)
    assert account(site, "viewer").writes == ()
    assert [one.user for one in accounts if one.user not in ROLES and one.reads] == []


def test_devices_have_topics_and_no_wildcards_and_every_topic_has_somebody_who_says_it(site: Site) -> None:
    writes = [topic for one in accounts_of(site) if one.user.startswith("device-") for topic in one.writes]
    assert set(writes) <= topics(site)
    assert len(writes) == len(set(writes)), "one topic, one device"
    assert set(writes) | set(account(site, "receiver").writes) >= topics(site)


def test_everyone_who_watches_hears_every_topic_of_the_map(site: Site) -> None:
    for user in ("twin", "operator", "viewer"):
        reads = account(site, user).reads
        assert all(any(filter_covers(text, topic) for text in reads) for topic in topics(site)), user


def test_a_device_says_its_own_topics_alone(demo: Site) -> None:
    assert account(demo, "device-h1-crah-01").writes == ("dc/demo/h1/crah-01/telemetry",)
    assert account(demo, "device-plant").writes == ("dc/demo/plant/water", "dc/demo/plant/power")


def test_a_gateway_is_known_by_its_topic_when_that_names_no_asset(demo: Site) -> None:
    gateway = account(demo, "device-h1-row-01-telemetry")
    assert gateway.writes == ("dc/demo/h1/row-01/telemetry",)
    assert "10 assets, h1-r001 to h1-r010" in gateway.about


def test_topics_of_the_same_many_assets_are_one_gateway_known_by_how_they_begin(demo: Site) -> None:
    row = "dc/demo/h1/row-01/telemetry"
    first = next(rule for rule in demo.topics.rules if rule.topic == row)
    rules: list[SourceRule] = []
    for rule in demo.topics.rules:
        name = demo.points.points[rule.point].name
        rules.append(replace(rule, topic=f"gw/row-1/{name}") if rule.topic == first.topic else rule)
    site = replace(demo, topics=replace(demo.topics, rules=tuple(rules)))

    gateway = account(site, "device-gw-row-1")

    assert gateway.writes == ("gw/row-1/inlet_c", "gw/row-1/power_w")
    assert "how they all begin: gw/row-1" in gateway.about


def test_readbacks_alone_are_the_receivers_and_mixed_ones_are_told_of(demo: Site) -> None:
    receiver = account(demo, "receiver")
    assert "dc/demo/h1/room/setpoint" in receiver.writes
    assert not [one for one in accounts_of(demo) if one.user != "receiver" and "dc/demo/h1/room/setpoint" in one.writes]
    ups = account(demo, "device-ups-a")
    assert set(ups.writes) & set(receiver.writes) == {"dc/demo/power/ups-a/nut"}
    assert "readback" in ups.about


def test_a_filter_that_reaches_the_daemons_own_topics_is_not_given(demo: Site) -> None:
    for text in ("#", "dc/#", "dc/demo/#", "+/demo/#", "dc/demo/+/+", "dc/+/+/+/telemetry"):
        site = with_topics(demo, {}, (text,))
        for user in ("twin", "operator", "viewer"):
            telemetry = [f for f in account(site, user).reads if "/_" not in f]
            assert set(telemetry) <= topics(demo), text


def test_a_long_list_is_folded_without_reaching_the_daemons_own_topics(demo: Site) -> None:
    rules = [
        replace(rule, topic=f"dc/demo/{place}/{point.asset}/{point.name}")
        for rule, point in zip(demo.topics.rules, demo.points.points, strict=True)
        for place in [point.hall or "site"]
    ]
    heard = tuple(rule.topic for rule in rules)
    site = replace(demo, topics=replace(demo.topics, rules=tuple(rules), subscriptions=heard))

    reads = account(site, "viewer").reads

    assert len(reads) < 100 < len(heard)
    assert "dc/demo/h1/+/inlet_c" in reads
    assert all(any(filter_covers(text, topic) for text in reads) for topic in heard)
    assert not [text for text in reads if filter_covers(text, "dc/demo/_cmd/h1/supply_air_sp_c")]


def test_a_long_list_right_below_the_root_stays_long(demo: Site) -> None:
    rules = [replace(rule, topic=f"dc/demo/{rule.point}/value") for rule in demo.topics.rules]
    heard = tuple(rule.topic for rule in rules)
    site = replace(demo, topics=replace(demo.topics, rules=tuple(rules), subscriptions=heard))
    assert set(account(site, "viewer").reads) == {"dc/demo/_twin/#", *heard}


@pytest.mark.parametrize("topic", ["bms/x\nuser device-h1\ntopic write #", "bms/x ", " bms/x", "bms/\x7f"])
def test_a_topic_cannot_write_rights_of_its_own(demo: Site, topic: str) -> None:
    site = with_topics(demo, {"dc/demo/plant/water": topic})
    with pytest.raises(TwinError, match="control character, or a blank"):
        acl_text(site)


@pytest.mark.parametrize("user", ["viewer", "device-h1", "a:b", "twin\ntopic write #", ""])
def test_the_daemons_name_must_be_its_own(demo: Site, user: str) -> None:
    with pytest.raises(TwinError, match="user of its own"):
        acl_text(demo, daemon=user)


def test_names_that_an_account_cannot_have_are_made_plain_and_stay_apart(demo: Site) -> None:
    row = [f"dc/demo/h1/row-0{n}/telemetry" for n in (1, 2)]
    site = with_topics(demo, {row[0]: "gw/a b", row[1]: "gw/a:b"})
    assert account(site, "device-gw-a-b").writes == ("gw/a b",)
    assert account(site, "device-gw-a-b-2").writes == ("gw/a:b",)


def test_nothing_stands_before_the_first_user_so_that_nobody_without_a_name_has_rights(site: Site) -> None:
    lines = acl_text(site).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("user "))
    assert all(not line or line.startswith("#") for line in lines[:first])


def test_the_command_prints_or_writes_it_for_the_group_alone(tmp_path: Path) -> None:
    file = tmp_path / "thermotwin.acl"
    site = ["--site", str(shipped_config("demo"))]
    printed = CliRunner().invoke(app, ["config", "acl", *site])
    for _ in range(2):  # its own work may be replaced
        written = CliRunner().invoke(app, ["config", "acl", *site, "--output", str(file)])
        assert written.exit_code == 0, written.output
    assert file.read_text() == printed.stdout == acl_text(load_site(shipped_config("demo")))
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_the_command_leaves_a_file_of_others_alone(tmp_path: Path) -> None:
    file = tmp_path / "aclfile"
    file.write_text("user somebody\n")
    answer = CliRunner().invoke(app, ["config", "acl", "--site", str(shipped_config("demo")), "--output", str(file)])
    assert answer.exit_code == 2
    assert "left alone" in answer.output
    assert file.read_text() == "user somebody\n"


def test_the_command_knows_the_daemon_by_the_name_it_logs_in_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_MQTT__USERNAME", "thermotwin")
    printed = CliRunner().invoke(app, ["config", "acl", "--site", str(shipped_config("demo"))])
    assert "\nuser thermotwin\n" in printed.stdout
    assert "\nuser twin\n" not in printed.stdout
