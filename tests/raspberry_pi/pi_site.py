#!/usr/bin/env python3
"""Prints a shipped site as a plant with a Raspberry Pi has it: bus A on its serial port, the header its own.

Where the other buses are the stage says at each start, with `--set`.
"""

import pathlib
import re
import sys

SECTIONS = {
    "bus.a": '[bus.a]\nprotocol = "rtu"\nport = "/dev/ttyAMA0"\nbaud = 19200\nparity = "even"\n\n',
    "bus.header": '[bus.header]\nprotocol = "gpio"\n\n',
    "device.header": '[device.header]\nprofile = "header"\nbus = "header"\n\n',
}


def on_a_pi(text):
    """The same site, with these sections in place of its own."""
    for name, section in SECTIONS.items():
        # A section ends before the next, or before the comments that belong to it.
        whole = re.compile(rf"^\[{re.escape(name)}\]\n(?:(?!\[|#).*\n)*", re.MULTILINE)
        text, count = whole.subn(lambda _, section=section: section, text)
        if count != 1:
            raise SystemExit(f"pi_site.py: {count} sections [{name}], and not one")
    return text


if __name__ == "__main__":
    sys.stdout.write(on_a_pi(pathlib.Path(sys.argv[1]).read_text()))
