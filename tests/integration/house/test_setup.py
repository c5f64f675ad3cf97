"""`bin/setup.sh` on machines that lack something, with small stand-ins for their programs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.house.conftest import ROOT

pytestmark = pytest.mark.integration

TOOLS = ("sh", "cat", "cksum", "dirname", "mkdir", "chmod", "printf", "env")
PYTHON = """#!/bin/sh
# A Python that can do what the test says, and notes what it is asked.
echo "$@" >>{notes}
case "$*" in
*"sys.exit(sys.version_info"*) exit {is_old} ;;
*"import venv"*) exit {lacks_venv} ;;
*'%d.%d'*) echo 3.11 ;;
*--version*) echo Python 3.11.9 ;;
*"-m venv"*) mkdir -p .venv/bin; cat "$0" >.venv/bin/python; chmod +x .venv/bin/python ;;
esac
"""


class Machine:
    """A folder with the project's set-up, and a PATH that holds only what was put there."""

    def __init__(self, folder: Path) -> None:
        self.project, self.path = folder / "project", folder / "path"
        self.notes = folder / "notes"
        (self.project / "bin").mkdir(parents=True)
        self.path.mkdir()
        shutil.copy(ROOT / "bin" / "setup.sh", self.project / "bin")
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.project / name).write_text("one==1\n")
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool))
        self.program("id", "echo 1000")

    def program(self, name: str, body: str) -> None:
        path = self.path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def python(self, name: str = "python3", *, is_old: bool = False, lacks_venv: bool = False):
        path = self.path / name
        path.write_text(
            PYTHON.format(notes=self.notes, is_old=int(is_old), lacks_venv=int(lacks_venv))
        )
        path.chmod(0o755)

    def set_up(self, wanted: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.path / "sh"), "bin/setup.sh", wanted],
            cwd=self.project,
            env={"PATH": str(self.path), "HOME": os.environ.get("HOME", "/")},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def installs(self) -> list[str]:
        asked = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line.rsplit(" ", 1)[1] for line in asked if "pip install" in line]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_without_python_the_command_is_printed(machine):
    done = machine.set_up("run")

    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y python3 python3-venv" in done.stderr


def test_an_old_python_is_passed_over_for_a_newer_one(machine):
    machine.python("python3", is_old=True)
    machine.python("python3.11")

    assert machine.set_up("run").returncode == 0


def test_only_an_old_python_is_none(machine):
    machine.python("python3", is_old=True)

    assert machine.set_up("run").returncode == 1


def test_without_venv_the_exact_command_is_printed(machine):
    machine.python(lacks_venv=True)

    done = machine.set_up("run")

    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y python3.11-venv" in done.stderr
    assert machine.installs() == []


def test_it_installs_once_and_again_when_a_pin_changes(machine):
    machine.python()

    for _ in range(2):
        assert machine.set_up("run").returncode == 0
    once = machine.installs()
    (machine.project / "requirements.txt").write_text("one==2\n")
    machine.set_up("run")

    assert once == ["requirements.txt"]
    assert machine.installs() == ["requirements.txt"] * 2


def test_running_and_testing_are_installed_apart(machine):
    machine.python()
    machine.program("chromium", "exit 0")

    machine.set_up("run")
    machine.set_up("test")
    machine.set_up("run")

    assert machine.installs() == ["requirements.txt", "requirements-dev.txt"]


def test_a_failed_installation_is_tried_again(machine):
    machine.python()
    machine.set_up("run")
    broken = (machine.project / ".venv" / "bin" / "python").read_text()
    fails = broken.replace("case", 'case "$*" in *"pip install"*) exit 1 ;; esac\ncase', 1)
    (machine.project / ".venv" / "bin" / "python").write_text(fails)
    (machine.project / "requirements.txt").write_text("one==3\n")

    assert machine.set_up("run").returncode != 0
    (machine.project / ".venv" / "bin" / "python").write_text(broken)
    assert machine.set_up("run").returncode == 0
    assert len(machine.installs()) == 3


def test_without_a_browser_and_without_root_the_command_is_printed(machine):
    machine.python()
    machine.program("apt-get", f'echo "$@" >>{machine.notes}')

    done = machine.set_up("test")

    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y chromium" in done.stderr


def test_root_gets_the_browser_installed(machine):
    machine.python()
    machine.program("id", "echo 0")
    machine.program("apt-get", f'echo "apt $@" >>{machine.notes}')

    done = machine.set_up("test")

    assert done.returncode == 0, done.stderr
    assert "install -y -qq chromium" in machine.notes.read_text()


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_a_browser_that_is_there_is_enough(machine, name):
    machine.python()
    machine.program(name, "exit 0")

    assert machine.set_up("test").returncode == 0


OLD, NEW = 'java version "1.8.0_392"', 'openjdk version "17.0.15" 2025-04-15'


@pytest.mark.parametrize("said", [None, OLD])
def test_without_a_new_java_and_without_root_the_command_is_printed(machine, said):
    machine.python()
    machine.program("chromium", "exit 0")
    machine.program("apt-get", f'echo "apt $@" >>{machine.notes}')
    if said:
        machine.program("java", f"echo '{said}' >&2")

    done = machine.set_up("test")

    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y default-jre-headless" in done.stderr


def test_root_gets_java_installed(machine):
    machine.python()
    machine.program("chromium", "exit 0")
    machine.program("id", "echo 0")
    machine.program("apt-get", f'echo "apt $@" >>{machine.notes}')

    assert machine.set_up("test").returncode == 0
    assert "install -y -qq default-jre-headless" in machine.notes.read_text()


def test_a_java_that_is_new_enough_is_left_alone(machine):
    machine.python()
    machine.program("chromium", "exit 0")
    machine.program("id", "echo 0")
    machine.program("apt-get", f'echo "apt $@" >>{machine.notes}')
    machine.program("java", f"echo '{NEW}' >&2")

    assert machine.set_up("test").returncode == 0
    assert "default-jre" not in machine.notes.read_text()


def test_where_there_is_no_apt_java_is_only_told_of(machine):
    machine.python()
    machine.program("chromium", "exit 0")

    done = machine.set_up("test")

    assert done.returncode == 0
    assert "brew install openjdk@17" in done.stderr


def test_wrong_usage_is_2(machine):
    machine.python()

    assert machine.set_up("nonsense").returncode == 2
