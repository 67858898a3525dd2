"""libmodbus and mbpoll, which is built on it, against the shipped programs: a libmodbus device that `sweetspring modbus` asks over a serial
line and over TCP, late and busy; and mbpoll asking the devices that `hil rig` plays.

Starts the binaries named by SWEETSPRING_BIN and HIL_BIN. Run: python -m unittest tests/interop/libmodbus_peers.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from modbus_devices import ANSWER_MAX_S, BAUD, Cable, Cases  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SITE = HERE.parents[1] / "config/sites/bench.toml"


class Device:
    """The device, compiled and started."""

    def __init__(self, *words):
        self.folder = tempfile.TemporaryDirectory()
        program = f"{self.folder.name}/device"
        build = ["cc", "-O1", "-Wall", "-Werror", "-o", program, str(HERE / "libmodbus_device.c"), "-lmodbus"]
        subprocess.run(build, check=True, timeout=ANSWER_MAX_S)
        self.process = subprocess.Popen([program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline().split()
        if said[:1] != ["ready"]:
            raise RuntimeError(f"{words}: the libmodbus device does not serve")
        self.port = said[-1]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(ANSWER_MAX_S)
        self.process.stdout.close()
        self.folder.cleanup()


class Libmodbus(Cases):
    probe = "1"

    def test_a_late_answer_is_waited_for(self):
        rows = self.cells("read", "--unit", "1", "--limit", "2000", "holding", "40")
        self.assertEqual(rows[1][2], "77")

    def test_a_busy_device_is_told_from_a_silent_one(self):
        said = self.modbus("read", "--unit", "1", "holding", "50", fails=True)
        self.assertIn("busy", said)


class LibmodbusOverTcp(Libmodbus, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.device = Device("tcp")
        cls.way = ("--tcp", f"127.0.0.1:{cls.device.port}")

    @classmethod
    def tearDownClass(cls):
        cls.device.stop()


class LibmodbusOverSerial(Libmodbus, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cable = Cable()
        ours, theirs = cls.cable.ends
        cls.way = ("--port", ours, "--baud", str(BAUD))
        cls.device = Device("rtu", theirs, str(BAUD))

    @classmethod
    def tearDownClass(cls):
        cls.device.stop()
        cls.cable.cut()


class MbpollAtTheRig(unittest.TestCase):
    """Bus A is a pseudo-terminal, the others TCP."""

    @classmethod
    def setUpClass(cls):
        rig = [os.environ["HIL_BIN"], "rig", "--site", str(SITE), "--bind", "127.0.0.1:0", "--serial", "a=pty"]
        cls.rig = subprocess.Popen(rig, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for line in cls.rig.stdout:
            if line.startswith("ready "):
                cls.ready = json.loads(line[len("ready "):])
                return
        raise RuntimeError("the rig does not serve")

    @classmethod
    def tearDownClass(cls):
        cls.rig.terminate()
        cls.rig.wait(ANSWER_MAX_S)
        cls.rig.stdout.close()

    def mbpoll(self, bus, unit, *words, fails=False):
        if bus in self.ready["buses"]:
            host, port = self.ready["buses"][bus].split(":")
            way, end = ["-m", "tcp", "-p", port], host
        else:
            way, end = ["-m", "rtu", "-b", str(BAUD), "-P", "even"], self.ready["ports"][bus]
        values = words[words.index("--") + 1:] if "--" in words else ()
        options = words[:words.index("--")] if "--" in words else words
        done = subprocess.run(["mbpoll", *way, "-a", str(unit), *options, "-1", "-q", end, *values],
                              capture_output=True, text=True, timeout=ANSWER_MAX_S)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stderr if fails else done.stdout

    def word(self, *words):
        said = self.mbpoll(*words)
        return int(said.split("]:")[1].split()[0], 0)

    def test_a_coil_is_switched_over_tcp_and_reads_back(self):
        self.mbpoll("d", 7, "-t", "0", "-r", "3", "--", "1")
        self.assertEqual(self.word("d", 7, "-t", "0", "-r", "3"), 1)
        self.mbpoll("d", 7, "-t", "0", "-r", "3", "--", "0")
        self.assertEqual(self.word("d", 7, "-t", "0", "-r", "3"), 0)

    def test_a_probes_float_is_read_over_tcp(self):
        # The raw turbidity of the bench's river, low word first as the probe has it.
        said = self.mbpoll("b", 10, "-t", "4:float", "-r", "2")
        value = float(said.split("]:")[1].split()[0])
        self.assertTrue(1.0 < value < 500.0, said)

    def test_a_drives_time_out_is_set_over_a_serial_line(self):
        self.assertEqual(self.word("a", 1, "-t", "4", "-r", "6006"), 100, "as the factory sets it")
        self.mbpoll("a", 1, "-t", "4", "-r", "6006", "--", "30")
        self.assertEqual(self.word("a", 1, "-t", "4", "-r", "6006"), 30)

    def test_what_is_not_there_is_refused(self):
        self.assertIn("Illegal data address", self.mbpoll("a", 1, "-t", "4", "-r", "40001", fails=True))


if __name__ == "__main__":
    unittest.main()
