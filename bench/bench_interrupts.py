"""Interrupts at random instants in writing processes: what breaks, what hangs. Run: python -m bench.bench_interrupts"""

import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import holdfast
from bench.figures import Figure

INTERRUPTS, WRITERS = 5000, 2
#: seconds after which a writer that has not ended is taken to hang
PATIENCE = 600

WRITER = """
import random, signal, sys
import holdfast

folder, seed, interrupts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng, interrupted, broken, number = random.Random(seed), 0, 0, 0
store = holdfast.open(folder, durability="relaxed")
place = f"/w{seed}"
store.mkdir(place)

def change():
    what, path = number % 4, f"{place}/{number}"
    if what == 0:
        store.mkdir(path)
    elif what == 1:
        with store.transaction() as tx:
            tx.mkdir(path)
            tx.write(f"{path}/note.md", f"note {number} of {seed}")
    elif what == 2:
        store.write(path + ".bin", rng.randbytes(70_000))
    else:
        store.lock(path).release()

# An import that is interrupted may leave Python's own packages half made: first all that a change imports. What another
# writer stored already would not be derived: each has notes of its own.
for number in range(4):
    change()

def change_until_enough():
    global interrupted, broken, number
    while interrupted < interrupts:
        number += 1
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.00002, 0.006))
            change()
        except holdfast.HoldfastError as error:
            broken += 1
            print(error, file=sys.stderr)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

# Another thread may have got the signal: then it comes a little after the timer was put off.
while interrupted < interrupts:
    try:
        change_until_enough()
    except KeyboardInterrupt:
        interrupted += 1
signal.signal(signal.SIGALRM, signal.SIG_IGN)
store.close()
print(broken)
"""
#: before anything else, as an interrupt may come at once
PRELUDE = "import signal; signal.signal(signal.SIGALRM, signal.default_int_handler)\n"


def main() -> None:
    """Interrupt processes that write to one store, and check it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "kb"
        holdfast.create(folder).close()
        broken, hung = run(folder, INTERRUPTS, WRITERS, random.Random(8))
        with holdfast.open(folder) as store:
            problems = len(store.maintenance.verify().problems)
    note = f"{INTERRUPTS} interrupts at random instants, in {WRITERS} processes that write to one store"
    Figure("operations that failed because an earlier one was interrupted", broken, "", 0, note=note).emit()
    Figure("writers that hung after an interrupt", hung, "", 0).emit()
    Figure("problems that verify finds after that", problems, "", 0).emit()


def run(folder: Path, interrupts: int, writers: int, rng: random.Random) -> tuple[int, int]:
    """Interrupt writers so often in all; returns how many operations failed for another reason, and who hung."""
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-X",
                "faulthandler",
                "-c",
                PRELUDE + WRITER,
                str(folder),
                str(rng.getrandbits(30)),
                str(interrupts // writers),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(writers)
    ]
    broken = hung = 0
    for process in started:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
            # Not its exit status: one interrupt in the `exec` of an import has Python end as if by Ctrl-C at last.
            broken += int(said) if said.strip() else 1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            hung += 1
    return broken, hung


if __name__ == "__main__":
    main()
