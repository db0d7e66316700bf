"""Faults by name: what is armed fires where and when it was said."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from holdfast import faults


def test_the_list_of_points_is_printed() -> None:
    ended = subprocess.run([sys.executable, "-m", "holdfast.faults"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in ended.stdout.splitlines()] == list(faults.POINTS)


@pytest.mark.parametrize("spec", ["no.such.point=kill", "publish.before_commit=explode", "publish.before_commit"])
def test_a_misspelt_fault_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="no fault"):
        faults.arm(spec)


def test_a_fault_fires_at_the_passage_it_names(armed: Callable[[str], None]) -> None:
    armed("blob.before_write=error@2, blob.before_rename=enospc")
    faults.point("blob.before_write")
    with pytest.raises(OSError, match="injected"):
        faults.point("blob.before_write")
    faults.point("blob.before_write")
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            faults.point("blob.before_rename")
