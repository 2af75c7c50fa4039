"""A class on a real JupyterHub: the hub, its proxy and six seats on this machine."""

import importlib
import os
import sys

import psutil
import pytest

from course_tools.places import ROOT

ENOUGH = 8e9  # bytes free: six seats take some 4.5, and kernels peak above that

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def hub_module():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        module = importlib.import_module("hub")
    finally:
        sys.path.pop(0)
    if reason := module.missing():
        assert not os.environ.get("COURSE_NEEDS_HUB"), reason
        pytest.skip(reason)
    free = psutil.virtual_memory().available
    if free < ENOUGH:
        pytest.skip(f"six seats want {ENOUGH / 1e9:.0f} GB; {free / 1e9:.1f} are free")
    return module


def test_six_students_run_released_lectures_pass_exercises_and_idle_seats_go(
    hub_module, tmp_path
):
    def owners():
        return {hub_module.owner(process) for process in psutil.process_iter()}

    with hub_module.Hub(tmp_path) as hub:
        seats, rows = hub_module.students(hub, hub_module.SEATS)
        for row in rows:
            assert len(row["exercises"]) > 2
            for title, said in row["exercises"].items():
                assert "✓" in said, (row["lecture"], title, said)
            assert not row["failed"]
            assert row["idle"] < row["running"]

        mine = seats[0].home / "course" / "mine.txt"
        mine.write_text("what I wrote", encoding="utf-8")
        busy, _ = seats[-1].start("course/notebooks/other.ipynb")
        busy.send("import time\nwhile True: print('training'); time.sleep(.2)")
        culler = hub.cull(idle=10)
        try:
            for seat in seats[:-1]:
                hub_module.wait(seat.is_gone, f"the end of {seat.name}'s seat", hub)
            assert seats[-1].is_ready()  # who computes keeps the seat
        finally:
            culler.terminate()
            culler.wait()
        gone = {seat.name for seat in seats[:-1]}
        # A kernel sees that its server has ended, and ends a moment after it.
        hub_module.wait(lambda: not gone & owners(), "the end of their kernels", hub)
        seats[0].open()
        assert seats[0].read("course/mine.txt") == "what I wrote"


def test_a_seat_needs_the_password(hub_module, tmp_path):
    with hub_module.Hub(tmp_path) as hub:
        hub.password = "a guess"
        with pytest.raises(Exception, match="403"):
            hub_module.Seat(hub, "stranger").open()
