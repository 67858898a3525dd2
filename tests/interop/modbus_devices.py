"""Stock Modbus devices (pymodbus) against the shipped program: `sweetspring modbus` over a serial line and over TCP.

The serial line is two pseudo-terminals with a thread between them that passes bytes on. Starts the binary named by
SWEETSPRING_BIN. Run: python -m unittest tests/interop/modbus_devices.py
"""

import asyncio
import logging
import os
import pty
import socket
import subprocess
import threading
import time
import tty
import unittest

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

ANSWER_MAX_S = 60
BAUD = 19200

# A scan asks for registers that are not there; that is no news.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


class Cable:
    """A serial line: what goes in at one end comes out at the other."""

    def __init__(self):
        self.masters, self.ends = [], []
        for _ in range(2):
            master, slave = pty.openpty()
            tty.setraw(slave)
            self.masters.append(master)
            self.ends.append(os.ttyname(slave))
            os.close(slave)
        self.whole = True
        for number in range(2):
            ways = (self.masters[number], self.masters[1 - number])
            threading.Thread(target=self._carry, args=ways, daemon=True).start()

    def _carry(self, source, sink):
        while self.whole:
            try:
                os.write(sink, os.read(source, 256))
            except OSError:
                # Nobody has that end open, or not yet.
                time.sleep(0.005)

    def cut(self):
        self.whole = False


def devices():
    """A drive's registers at unit 1, a probe at unit 5."""
    holding = [SimData(100, values=[6, 400, 65535], datatype=DataType.REGISTERS)]
    inputs = [SimData(10, values=7.25, datatype=DataType.FLOAT32)]
    coils = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
    contacts = [SimData(0, values=[True, False] * 8, datatype=DataType.BITS)]
    drive = SimDevice(1, (coils, contacts, holding, inputs))
    probe = SimDevice(5, (coils, contacts, [SimData(4, values=[1234], datatype=DataType.REGISTERS)], inputs))
    return [drive, probe]


def for_nobody_else(is_sent, data):
    """Devices on a line say nothing to what is for others; pymodbus would answer it with an exception."""
    return b"" if is_sent and data[:1] not in (b"\x01", b"\x05") else data


class Devices:
    """pymodbus in a thread of its own."""

    def __init__(self, make):
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.failed = None
        self.thread = threading.Thread(target=self._run, args=(make,), daemon=True)
        self.thread.start()
        if not self.started.wait(ANSWER_MAX_S) or self.failed:
            raise RuntimeError(f"pymodbus does not serve: {self.failed}")

    def _run(self, make):
        asyncio.set_event_loop(self.loop)
        try:
            self.server = self.loop.run_until_complete(self._serve(make))
        except Exception as failed:  # told to whoever waits
            self.failed = failed
        self.started.set()
        if not self.failed:
            self.loop.run_forever()

    async def _serve(self, make):
        server = make()
        await server.serve_forever(background=True)
        return server

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self.loop).result(ANSWER_MAX_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(ANSWER_MAX_S)


class Cases:
    """What is asked of the devices, whatever the way to them."""

    # Where the probe's registers are.
    probe = "5"

    def asked(self, *words):
        """One run of the program."""
        return subprocess.run(
            [os.environ["SWEETSPRING_BIN"], "modbus", *words[:1], *self.way, *words[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_MAX_S,
        )

    def modbus(self, *words, fails=False):
        """What it prints, or what it says when it fails."""
        done = self.asked(*words)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stderr if fails else done.stdout

    def cells(self, *words):
        return [line.split() for line in self.modbus(*words).splitlines()]

    def test_registers_are_read_raw_and_in_every_word_order(self):
        rows = self.cells("read", "--unit", "1", "holding", "100", "3")
        self.assertEqual([row[:4] for row in rows[1:]], [
            ["100", "0x0006", "6", "6"],
            ["101", "0x0190", "400", "400"],
            ["102", "0xFFFF", "65535", "-1"],
        ])
        rows = self.cells("read", "--unit", self.probe, "--as", "f32", "input", "10", "2")
        self.assertEqual(rows[1], ["10", "0x40E8", "0x0000", "7.25"])
        rows = self.cells("read", "--unit", self.probe, "holding", "4")
        self.assertEqual(rows[1], ["4", "0x04D2", "1234", "1234"])

    def test_bits_are_read(self):
        rows = self.cells("read", "--unit", "1", "discrete", "0", "11")
        self.assertEqual([row[1] for row in rows[1:]], ["1", "0"] * 5 + ["1"])

    def test_what_is_written_reads_back(self):
        said = self.modbus("write", "--unit", "1", "--yes", "holding", "101", "450")
        self.assertIn("was 0x0190", said)
        self.assertIn("reads back the same", said)
        said = self.modbus("write", "--unit", "1", "--yes", "holding", "100", "15", "500")
        self.assertIn("reads back the same", said)
        said = self.modbus("write", "--unit", "1", "--yes", "coil", "3", "1")
        self.assertIn("reads back the same", said)
        said = self.modbus("write", "--unit", "1", "holding", "101", "1", fails=True)
        self.assertIn("--yes", said)
        rows = self.cells("read", "--unit", "1", "holding", "101")
        self.assertEqual(rows[1][2], "500", "nothing was written")
        self.modbus("write", "--unit", "1", "--yes", "holding", "100", "6", "400")

    def test_a_register_that_is_not_there_is_explained(self):
        said = self.modbus("read", "--unit", "1", "holding", "40001", fails=True)
        self.assertIn("a manual's 40001 is `holding 0`", said)

    def test_what_does_not_change_is_said_once(self):
        words = ("watch", "--unit", self.probe, "--every", "50", "--times", "4", "holding", "4")
        self.assertEqual(len(self.modbus(*words).splitlines()), 2)


class OverSerial(Cases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cable = Cable()
        ours, theirs = cls.cable.ends
        cls.way = ("--port", ours, "--baud", str(BAUD))
        cls.devices = Devices(lambda: ModbusSerialServer(
            devices(), framer=FramerType.RTU, port=theirs, baudrate=BAUD,
            trace_packet=for_nobody_else))

    @classmethod
    def tearDownClass(cls):
        cls.devices.stop()
        cls.cable.cut()

    def test_a_scan_finds_who_is_there(self):
        rows = self.cells("scan", "--from", "1", "--to", "6")
        self.assertEqual([row[0] for row in rows[1:]], ["1", "5"])

    def test_a_unit_that_is_not_there_is_explained(self):
        said = self.modbus("read", "--unit", "9", "holding", "0", fails=True)
        self.assertIn("A and B", said)

    def test_a_write_that_nobody_confirms_may_have_been_taken(self):
        said = self.modbus("write", "--unit", "9", "--yes", "holding", "0", "1", fails=True)
        self.assertIn("may have been taken", said)
        self.assertIn("A and B", said)

    def test_a_port_that_is_not_there_is_explained(self):
        way, self.way = self.way, ("--port", "/dev/ttyUSB99")
        said = self.modbus("read", "--unit", "9", "holding", "0", fails=True)
        self.way = way
        self.assertIn("there is no serial port /dev/ttyUSB99", said)


class OverTcp(Cases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = free.getsockname()
        cls.way = ("--tcp", f"{address[0]}:{address[1]}")
        cls.devices = Devices(lambda: ModbusTcpServer(devices(), address=address))

    @classmethod
    def tearDownClass(cls):
        cls.devices.stop()

    def test_what_means_nothing_over_tcp_is_refused(self):
        said = self.modbus("read", "--unit", "1", "--parity", "even", "holding", "100", fails=True)
        self.assertIn("--parity", said)


class RtuOverTcp(Cases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = free.getsockname()
        cls.way = ("--rtu-over-tcp", f"{address[0]}:{address[1]}")
        cls.devices = Devices(lambda: ModbusTcpServer(
            devices(), framer=FramerType.RTU, address=address))

    @classmethod
    def tearDownClass(cls):
        cls.devices.stop()


if __name__ == "__main__":
    unittest.main()
