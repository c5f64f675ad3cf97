import json
import os
import subprocess
import sys
import threading

import pytest

from house import lock
from house.lock import Holder, Taken

HOLD = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from house import lock
with lock.hold(Path(sys.argv[2]), "http://there"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path, request):
    root = str(request.config.rootpath)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, root, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_who_holds_the_folder(tmp_path, other):
    with pytest.raises(Taken) as caught, lock.hold(tmp_path, "http://here"):
        pass

    assert caught.value.holder == Holder(other.pid, "http://there")


def test_a_holder_that_was_killed_leaves_the_folder_free(tmp_path, other):
    other.kill()
    other.wait()

    with lock.hold(tmp_path, "http://here"):
        written = json.loads((tmp_path / "house.lock").read_text())

    assert written == {"pid": os.getpid(), "url": "http://here"}


def test_a_folder_is_made_and_can_be_held_again(tmp_path):
    folder = tmp_path / "a" / "b"

    for _ in range(2):
        with lock.hold(folder, "http://here"):
            assert folder.is_dir()


def test_a_holder_that_does_not_write_its_name_is_still_a_holder(tmp_path, other, monkeypatch):
    assert other.poll() is None
    monkeypatch.setattr(lock, "PATIENCE_S", 0.1)
    (tmp_path / "house.lock").write_text("")

    with pytest.raises(Taken) as caught, lock.hold(tmp_path, "http://here"):
        pass

    assert caught.value.holder is None


def test_a_name_that_comes_a_moment_late_is_waited_for(tmp_path, other):
    path = tmp_path / "house.lock"
    name = path.read_text()
    path.write_text("")
    timer = threading.Timer(0.2, path.write_text, (name,))
    timer.start()

    with pytest.raises(Taken) as caught, lock.hold(tmp_path, "http://here"):
        pass

    timer.join()
    assert caught.value.holder == Holder(other.pid, "http://there")
