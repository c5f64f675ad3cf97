"""The part of the one writer passes from process to process."""

import os
import signal
import subprocess
import sys
import time

import pytest

import history

pytestmark = pytest.mark.integration

HOLDER = """
import sys, time, history
kept = history.open(sys.argv[1], writer=True)
print("writes", flush=True)
time.sleep(60)
"""


def test_a_guest_becomes_the_writer_when_the_writer_steps_back(place, observation):
    first = history.open(place, writer=True)
    second = history.open(place, writer=False, guest=True)

    assert first.promote()
    assert not second.promote()
    assert not second.engine.is_writer
    with pytest.raises(history.HistoryError):
        second.compact()

    first.demote()
    assert second.promote()
    assert second.promote()
    second.compact()

    assert not first.promote()
    with pytest.raises(history.HistoryError):
        first.compact()
    first.append_facts([("1-0", observation())])  # it may still write beside
    second.append_facts([("1-0", observation())], shard=1)
    assert second.counts()["observations"] == 2
    first.close()
    second.close()


def test_a_writer_that_is_killed_leaves_its_part_to_a_guest(place):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["."])},
    )
    assert holder.stdout is not None
    with holder, holder.stdout as said:
        said.readline()
        guest = history.open(place, writer=False, guest=True)
        assert not guest.promote()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    end = time.monotonic() + 5
    while not guest.promote():
        assert time.monotonic() < end, "the part was never free"
        time.sleep(0.02)
    assert guest.engine.is_writer
    guest.close()
