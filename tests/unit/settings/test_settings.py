import os
from pathlib import Path

import pytest

import settings
from settings import ROOT, Settings, SettingsError, environment, names, read, secret_key

OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_an_empty_environment_gives_the_demo_on_loopback():
    found = read({})

    assert found.city == ROOT / "cities" / "montreal"
    assert (found.host, found.port, found.demo_port) == ("127.0.0.1", 8050, 8051)
    assert (found.wall_distance_m, found.wall_pitch_mm) == (3.0, 0.565)
    assert found.redis_url is None
    assert found.data.is_absolute()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "http", "valid integer"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("WALL_DISTANCE_M", "far", "valid number"),
        ("WALL_DISTANCE_M", "nan", "less than or equal to 60"),
        ("LOG_LEVEL", "loud", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("REDIS_URL", "http://x", "redis://"),
        ("HOST", "my-machine", "IP address"),
        ("BARTIZAN_OPEN", "perhaps", "boolean"),
        ("WEB_THREADS", "2", "greater than or equal to 8"),
        ("SECRET_KEY", "short", "at least 16"),
    ],
)
def test_a_malformed_value_is_named_with_what_is_allowed(name, value, allowed):
    with pytest.raises(SettingsError) as caught:
        read({name: value})

    assert name in str(caught.value)
    assert allowed in str(caught.value)


def test_every_problem_is_told_at_once():
    with pytest.raises(SettingsError) as caught:
        read({"PORT": "x", "DEMO_PORT": "y"})

    assert len(str(caught.value).splitlines()) == 2


def test_a_secret_is_not_repeated_in_the_message():
    with pytest.raises(SettingsError) as caught:
        read({"SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(caught.value)


def test_no_url_with_a_password_is_repeated_in_the_message():
    with pytest.raises(SettingsError) as caught:
        read({"REDIS_URL": "redsi://ada:hunter2@cache"})

    assert "REDIS_URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_setting_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="did you mean BARTIZAN_CITY"):
        read({"BARTIZAN_CTY": "x"})


def test_names_of_others_are_left_alone():
    assert read({"HOME": "/", "PATH": "/bin", "BARTIZAN_REALDATA": "/d"}).port == 8050


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_an_address_that_others_reach_needs_the_owners_word(host):
    with pytest.raises(SettingsError, match="BARTIZAN_OPEN=1"):
        read({"HOST": host})

    assert read({"HOST": host, "BARTIZAN_OPEN": "1"}).is_open


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_word(host):
    assert read({"HOST": host}).is_loopback


def test_an_ipv6_address_stands_in_brackets_in_the_url():
    assert read({"HOST": "::1"}).url == "http://[::1]:8050"


def test_roots_are_separated_as_paths_are():
    roots = read({"BARTIZAN_DATA_ROOTS": os.pathsep.join(["/a", "/b c", ""])}).data_roots

    assert roots == (Path("/a"), Path("/b c"))


def test_children_read_the_same_settings():
    found = read(
        {
            "BARTIZAN_DATA": "x",
            "BARTIZAN_DATA_ROOTS": os.pathsep.join(["/a", "/b"]),
            "HOST": "0.0.0.0",
            "BARTIZAN_OPEN": "1",
            "WALL_PITCH_MM": "0.634",
        }
    )

    assert read(environment(found)) == found


def test_settings_do_not_change_after_reading():
    with pytest.raises(ValueError, match="frozen"):
        read({}).port = 1


def test_an_env_file_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PORT=9001\nDEMO_PORT=9002\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEMO_PORT", "9003")

    found = read()

    assert (found.port, found.demo_port) == (9001, 9003)


def test_a_misspelt_setting_in_an_env_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("BARTIZAN_DATTA=x\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match="BARTIZAN_DATA"):
        read()


def test_an_empty_value_means_unset(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("PORT", "")

    assert (read().redis_url, read().port) == (None, 8050)


def test_the_key_is_made_once_and_kept_private(tmp_path):
    found = read({"BARTIZAN_DATA": str(tmp_path / "d")})

    first, second = secret_key(found), secret_key(found)

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "d" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_key_that_is_set_is_used(tmp_path):
    found = read({"BARTIZAN_DATA": str(tmp_path), "SECRET_KEY": "k" * 16})

    assert secret_key(found) == "k" * 16
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(names()))
def test_every_setting_is_documented_with_its_default(name):
    default, text = names()[name]
    line = next((row for row in OPERATING.splitlines() if row.startswith(f"| `{name}`")), None)

    assert line is not None, f"{name} is missing in docs/operating.md"
    assert f"`{default}`" in line or not default
    assert text


def test_the_document_names_no_setting_that_does_not_exist():
    rows = [row for row in OPERATING.splitlines() if row.startswith("| `")]
    documented = {row.split("`")[1] for row in rows if row.split("`")[1].isupper()}

    assert documented == set(names())


def test_every_field_has_its_own_name():
    assert len(names()) == len(Settings.model_fields)
    assert settings.ROOT.joinpath("app.py").exists()


def test_secrets_in_a_dot_env_file_reach_us_and_our_children_as_written(tmp_path, monkeypatch):
    lines = "OPENAQ_KEY='a$b${c} d'\nPUSHED=from file\nEMPTY=\nPORT=9001\n"
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {"PUSHED": "from environment", "HOME": "/"})

    found = read()

    assert found.port == 9001
    assert os.environ == {"PUSHED": "from environment", "HOME": "/", "OPENAQ_KEY": "a$b${c} d"}
    assert "OPENAQ_KEY" not in environment(found)


def test_an_environment_that_is_handed_over_changes_nothing_outside(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("OPENAQ_KEY=k\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAQ_KEY", raising=False)

    read({})

    assert "OPENAQ_KEY" not in os.environ
