"""`hil rig`: the plant behind the buses, and, through a Modbus node, behind the wires of the header."""

import json
import os
import socket
import struct
import subprocess
import threading

# What a node on loopback may take on a busy machine, and the program to start, seconds.
ANSWER_MAX_S, START_MAX_S = 30, 60
READ_DISCRETE, READ_INPUT, WRITE_REGISTER, WRITE_COILS = 2, 4, 6, 15


class Rig:
    """The plant of a site; `site` has the header as a Modbus node."""

    def __init__(self, site):
        self.program = os.environ["HIL_BIN"]
        self.process = subprocess.Popen(
            [self.program, "rig", "--site", str(site), "--bind", "127.0.0.1:0", "--serial", "a=pty"],
            stdout=subprocess.PIPE,
            text=True,
        )
        stop = threading.Timer(START_MAX_S, self.process.kill)
        stop.start()
        ready = next((line for line in self.process.stdout if line.startswith("ready ")), None)
        stop.cancel()
        if ready is None:
            raise RuntimeError("the rig did not start")
        ready = json.loads(ready.removeprefix("ready "))
        self.buses, self.control = ready["buses"], ready["control"]
        self.terminal = ready["ports"]["a"]

    def settings(self, host):
        """What a controller that sees this machine as `host` is told about the buses."""
        ports = {bus: at.rpartition(":")[2] for bus, at in self.buses.items() if bus != "header"}
        return " ".join(f"--set bus.{bus}.address={host}:{port}" for bus, port in ports.items())

    def tell(self, words):
        """Does something at the plant, as `hil tell` says it."""
        command = [self.program, "tell", "--rig", self.control, *words.split()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_MAX_S)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Node:
    """The Modbus node that stands for the header on the rig's side."""

    UNIT = 1

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=ANSWER_MAX_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _take(self, count):
        taken = b""
        while len(taken) < count:
            part = self.socket.recv(count - len(taken))
            if not part:
                raise ConnectionError("the rig has closed")
            taken += part
        return taken

    def _ask(self, pdu):
        self.socket.sendall(struct.pack(">HHHB", 0, 0, len(pdu) + 1, self.UNIT) + pdu)
        length = struct.unpack(">HHHB", self._take(7))[2]
        answer = self._take(length - 1)
        if answer[0] != pdu[0]:
            raise ConnectionError(f"exception {answer.hex()} to {pdu.hex()}")
        return answer

    def contacts(self, first, count):
        """Which of some contacts are closed: bit n is contact `first` + n."""
        answer = self._ask(struct.pack(">BHH", READ_DISCRETE, first, count))
        return int.from_bytes(answer[2:], "little")

    def counts(self, first, count):
        """What input registers hold, by address."""
        words = self._ask(struct.pack(">BHH", READ_INPUT, first, count))[2:]
        return dict(enumerate(struct.unpack(f">{count}H", words), first))

    def put(self, address, word):
        """Puts a holding register."""
        self._ask(struct.pack(">BHH", WRITE_REGISTER, address, word))

    def set(self, first, levels):
        """Puts coils, from `first` on."""
        bits = sum(int(level) << place for place, level in enumerate(levels))
        self._ask(struct.pack(">BHHBB", WRITE_COILS, first, len(levels), 1, bits))
