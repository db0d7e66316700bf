"""A fork waits for the imports of other threads: the child would find their modules locked for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

#: a module that is in the middle of its import until it is told to go on, and then has much left to do
SLOW = """
import sys
main = sys.modules["__main__"]
main.entered.set()
main.go_on.wait()
for number in range(200):
    exec(f"class C{number}: pass")
whole = True
"""
FORKS = """
import os, signal, sys, threading

entered, go_on = threading.Event(), threading.Event()
sys.path.insert(0, sys.argv[1])
from holdfast.host.importing import importing


def load():
    {load}


# Of what is called before a fork, what was registered last comes first.
os.register_at_fork(before=go_on.set)
thread = threading.Thread(target=load)
thread.start()
entered.wait()
child = os.fork()
if not child:
    signal.alarm(20)
    import slow
    os._exit(0 if slow.whole else 3)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("load", ["import slow", "with importing(): import slow"], ids=["loose", "at the gate"])
def test_a_child_can_import_what_another_thread_imported_at_the_fork(tmp_path: Path, load: str) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    code = FORKS.replace("{load}", load)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n", done.stderr


def test_a_fork_within_an_import_waits_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "forking.py").write_text("import os\nif not os.fork(): os._exit(0)\nos.wait()\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import holdfast.host.importing as gate\n"
    code += "gate.time.sleep = lambda seconds: sys.exit('waited')\nimport forking\nprint('done')"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n", done.stderr
