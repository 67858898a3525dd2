"""Boots the emulated Pi, wires it to a plant, and makes every check; `run` has built what it boots."""

import os
import pathlib
import signal
import sys
import tempfile

import header_checks
import link_checks
import restart_checks
from checks import Tally
from plant import Plant

CHECKS = [
    *header_checks.FIRST_BOOT,
    *header_checks.IN_BOOT,
    *link_checks.BEFORE_SET_UP,
    header_checks.waits_for_its_owner,
    *link_checks.AFTER_SET_UP,
    *header_checks.AT_WORK,
    *restart_checks.AFTER_KILL,
    *restart_checks.AFTER_CUT,
]
# The whole stage takes a fraction of it; one that hangs must end. Seconds.
STAGE_MAX_S = 1200


def main():
    work = pathlib.Path(os.environ["RPI_WORK"])
    for end in (signal.SIGALRM, signal.SIGTERM):
        # As an exception, so that the emulator and the rig are ended too.
        signal.signal(end, lambda number, _: sys.exit(f"ended by {signal.Signals(number).name}"))
    signal.alarm(STAGE_MAX_S)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="raspberry-pi-") as folder:
        # The rig plays the header's other side as a Modbus node: its site is the Pi's, but for that.
        site = pathlib.Path("config/sites/bench.toml")
        kernel_line = os.environ.get("PI_KERNEL_LINE", "")
        plant = Plant(work, site, pathlib.Path(folder), kernel_line, loud="-v" in sys.argv)
        try:
            tally.make(CHECKS, plant)
        finally:
            plant.close()
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
