"""Somebody at the operators' pages: asks over HTTPS, and sees the plant live."""

import http.client
import json
import socket
import ssl
import threading
import time

OWNER, PASSWORD = "bounmy", "clear water runs deep"
# An emulated Pi on a busy machine is slow; an answer that never comes is a failure. Seconds.
PATIENCE_S = 60
# Events of one answer.
PAGE = 500


def unverified():
    """The plant's certificate is its own: whether it stays the same is what a check asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Person:
    """A browser, without its window."""

    def __init__(self, port):
        self.port, self.cookie = port, None

    def ask(self, method, route, body=None):
        """Status and answer."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_S, context=unverified()
        )
        try:
            headers = {"X-Requested-By": "sweetspring", "Content-Type": "application/json"}
            if self.cookie is not None:
                headers["Cookie"] = self.cookie
            text = None if body is None else json.dumps(body)
            connection.request(method, route, text, headers)
            answer = connection.getresponse()
            cookie = answer.headers.get("Set-Cookie")
            if cookie is not None and answer.status == 200:
                self.cookie = cookie.partition(";")[0]
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def get(self, route):
        status, answer = self.ask("GET", route)
        if status != 200:
            raise AssertionError(f"{route}: {status} {answer}")
        return answer

    def post(self, route, body):
        status, answer = self.ask("POST", route, body)
        if status != 200:
            raise AssertionError(f"{route}: {status} {answer}")
        return answer

    def set_up(self, code):
        return self.post("/api/setup", {"code": code, "user": OWNER, "password": PASSWORD})

    def log_in(self):
        return self.post("/api/session", {"user": OWNER, "password": PASSWORD})

    def command(self, verb):
        """Announces a command and gives it; the plant's answer."""
        selected = self.post("/api/select", {"command": verb})
        return self.post("/api/command", {"token": selected["token"], "command": verb, "why": "check"})

    def set(self, path, value):
        return self.post("/api/settings", {"path": path, "value": value, "why": "check"})

    def events(self):
        """All, the newest first."""
        events = []
        while True:
            before = f"&before={events[-1]['number']}" if events else ""
            page = self.get(f"/api/events?limit={PAGE}{before}")["events"]
            events += page
            if len(page) < PAGE:
                return events

    def certificate(self):
        """What the plant shows of itself."""
        return ssl.get_server_certificate(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def screen(self):
        return Screen(self)


class Screen:
    """A plant's live stream: what it shows, until it ends."""

    def __init__(self, person):
        rows = person.get("/api/catalogue")["rows"]
        self.rows = {row["path"]: row for row in rows}
        self.values, self.alarms, self.whole, self.ended = {}, [], False, False
        self.changed = threading.Condition()
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", person.port, timeout=PATIENCE_S, context=unverified()
        )
        self.connection.request("GET", "/api/live")
        self.answer = self.connection.getresponse()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        event = ""
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self._take(event, json.loads(line.removeprefix("data: ")))
        except (OSError, ValueError, http.client.HTTPException):
            # The power was cut, or nobody looks any more.
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _take(self, event, news):
        with self.changed:
            if event in ("full", "change"):
                self.values.update({int(place): sample for place, sample in news["values"].items()})
            elif event == "alarms":
                self.alarms = news["alarms"]
            else:
                # The first beat follows on the whole plant and its alarms.
                self.whole = True
            self.changed.notify_all()

    def _sample(self, path):
        return self.values.get(self.rows[path]["id"], [None, "unknown"])

    def value(self, path):
        """`None` while it is bad."""
        return self._sample(path)[0]

    def quality(self, path):
        return self._sample(path)[1]

    def state(self, path):
        """The word for the state that a point shows."""
        value = self.value(path)
        return "unknown" if value is None else self.rows[path]["states"][int(value)]

    def is_active(self, number):
        return any(alarm["number"] == number and alarm["active"] for alarm in self.alarms)

    def shows(self, what, is_so, within=PATIENCE_S):
        """Waits until the screen shows it; how long that took, seconds."""
        begin = time.monotonic()
        with self.changed:
            while not (self.whole and is_so(self)):
                left = begin + within - time.monotonic()
                if self.ended or left <= 0:
                    why = "the stream ended before" if self.ended else f"not within {within} s"
                    raise TimeoutError(f"{why}: {what}. Instead: {self.told()}")
                self.changed.wait(min(left, 1))
        return time.monotonic() - begin

    def told(self):
        """The plant in a line, for whoever wonders."""
        why = [self._sample(f"system.{words}")[2:] for words in ("blocked", "stopped_by")]
        numbers = [alarm["number"] for alarm in self.alarms if alarm["active"]]
        return f"{self.state('system.state')}, blocked and stopped by {why}, alarms {numbers}"

    def close(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other end has gone before.
            pass
