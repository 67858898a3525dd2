"""The emulated Raspberry Pi 3 B: power, console, and the registers of its GPIO block seen from outside.

QEMU keeps one word of levels for inputs and outputs, and the registers that set and clear outputs move inputs too: a write
from outside is the wire. It makes no edges, and its hardware watchdog is of no use.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

# BCM2837 peripherals: functions, set, clear, levels of lines 0 to 31.
GPIO = 0x3F20_0000
FUNCTIONS, SET, CLEAR, LEVELS = GPIO, GPIO + 0x1C, GPIO + 0x28, GPIO + 0x34
INPUT, OUTPUT = 0, 1
# How long anything of the emulator itself may take, seconds.
PATIENCE_S = 30
# Bytes of the SD card; QEMU takes only powers of two.
CARD_BYTES = 256 << 20
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def free_port():
    """A port of loopback that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def new_card(path):
    """An empty SD card with a file system."""
    with open(path, "wb") as card:
        card.truncate(CARD_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(path)], check=True)


class Line:
    """A Unix socket of QEMU's on which a line is answered by a line."""

    def __init__(self, path):
        end = time.monotonic() + PATIENCE_S
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.file = self.socket.makefile("rwb", buffering=0)
        self.lock = threading.Lock()

    def ask(self, words):
        with self.lock:
            self.file.write(words.encode() + b"\n")
            return self.file.readline().decode().strip()


class Gone(Exception):
    """Something that did not come; with the end of the console."""


class Board:
    """A Pi with its power on."""

    def __init__(self, work, card, serial, app, ports, kernel_line="", loud=False):
        """`serial`: the terminal at the other end of /dev/ttyAMA0. `ports`: of loopback, the same outside and inside."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="raspberry-pi-"))
        self.began = time.monotonic()
        self.loud, self.said, self.heard = loud, [], threading.Condition()
        line = (
            "console=ttyS1,115200 quiet loglevel=3 iomem=relaxed rdinit=/init panic=-1 "
            f'{kernel_line} pi_clock={int(time.time())} pi_app="{app}"'
        )
        forward = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{port}" for port in ports)
        self.process = subprocess.Popen(
            [
                *["qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-no-reboot"],
                *["-kernel", f"{work}/kernel.image", "-dtb", f"{work}/pi.dtb"],
                *["-initrd", f"{work}/initramfs.gz", "-append", line],
                *["-drive", f"if=sd,format=raw,file={card}"],
                *["-chardev", f"serial,id=rs485,path={serial}", "-serial", "chardev:rs485"],
                *["-serial", "stdio", "-monitor", "none"],
                *["-netdev", f"user,id=net{forward}", "-device", "usb-net,netdev=net"],
                *["-qtest", f"unix:{self.folder}/qtest,server=on,wait=off", "-qtest-log", "none"],
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.listening = threading.Thread(target=self._listen, daemon=True)
        self.listening.start()
        try:
            self.registers = Line(f"{self.folder}/qtest")
        except OSError as error:
            self.cut()
            raise Gone(f"QEMU does not run ({error}):\n{self.tail()}") from error

    # Console.

    def _listen(self):
        for raw in self.process.stdout:
            words = ESCAPES.sub("", raw.decode(errors="replace")).rstrip()
            with self.heard:
                self.said.append((self.age(), words))
                self.heard.notify_all()
            if self.loud:
                print(f"    [{self.age():6.2f}] {words}", flush=True)
        with self.heard:
            self.said.append((self.age(), "POWER IS OFF"))
            self.heard.notify_all()

    def age(self):
        """Seconds since power-up."""
        return time.monotonic() - self.began

    def tail(self):
        return "\n".join(words for _, words in self.said[-25:])

    def wait(self, pattern, within=PATIENCE_S, since=0):
        """The first line of the console from `since` on that fits: its time, the match, its number."""
        end, at = time.monotonic() + within, since
        with self.heard:
            while True:
                for at in range(at, len(self.said)):
                    when, words = self.said[at]
                    match = re.search(pattern, words)
                    if match:
                        return when, match, at
                at = len(self.said)
                is_off = self.said and self.said[-1][1] == "POWER IS OFF"
                if time.monotonic() > end or is_off:
                    raise Gone(f"the console does not say {pattern!r}; its end:\n{self.tail()}")
                self.heard.wait(0.5)

    def mark(self):
        """Where the console is now."""
        return len(self.said)

    def tell(self, command, within=PATIENCE_S):
        """Runs a command of the Pi's shell; what it says."""
        mark = self.mark()
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        end = self.wait("INIT done", within, mark)[2]
        lines = (words for _, words in self.said[mark:end])
        return "\n".join(words.partition("SAID ")[2] for words in lines if "SAID " in words)

    # Lines.

    def _register(self, words):
        answer = self.registers.ask(words)
        if not answer.startswith("OK"):
            raise Gone(f"{words}: {answer or 'no answer: the power is off'}")
        return answer[2:].strip()

    def levels(self):
        """Levels of all lines: bit n is line n."""
        return int(self._register(f"readl {LEVELS:#x}"), 16)

    def function(self, line):
        """What a line is: INPUT, OUTPUT, or another function of the chip."""
        word = int(self._register(f"readl {FUNCTIONS + 4 * (line // 10):#x}"), 16)
        return word >> (line % 10 * 3) & 7

    def drive(self, line, level):
        """Gives an input a level; an output is not fought."""
        if self.function(line) == OUTPUT:
            raise Gone(f"line {line} is an output")
        self._register(f"writel {SET if level else CLEAR:#x} {1 << line:#x}")

    # Power.

    def memory_mib(self):
        """What the emulator takes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def cut(self):
        """The end that nobody sees coming."""
        self.process.kill()
        self.process.wait()
        self.listening.join(PATIENCE_S)
        shutil.rmtree(self.folder, ignore_errors=True)
