"""A stock OPC UA client (asyncua) against the shipped controller.

Starts the binary named by SWEETSPRING_BIN on free ports with an empty state folder, makes two people and two client
certificates, and does over the wire what a control room does. Run: python -m unittest tests/interop/opcua_client.py
"""

import asyncio
import json
import logging
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.ua.uaerrors import (
    BadCertificateUntrusted,
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadNotWritable,
    BadOutOfRange,
    BadSecurityChecksFailed,
    BadUserAccessDenied,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

NAMESPACE = "urn:sweetspring:plant"
PASSWORD = "clear river over stones 12"
CLIENT = "urn:sweetspring:test:client"
# The controller may have to make its key on a slow machine first.
START_MAX_S = 120
ANSWER_MAX_S = 20
SIGN = ua.MessageSecurityMode.Sign
SIGN_AND_ENCRYPT = ua.MessageSecurityMode.SignAndEncrypt

# The client says every refusal as an error; here they are expected.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)
# Nor is a slow machine worth a word.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Controller:
    """The controller as a process of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.binary = os.environ["SWEETSPRING_BIN"]
        self.process = None
        self.ready = None

    def command(self, *words, given=""):
        """One run of the command line, which must succeed."""
        done = subprocess.run(
            [self.binary, *words, "--state", str(self.state)],
            input=given,
            capture_output=True,
            text=True,
            timeout=ANSWER_MAX_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        ports = ["--http", "127.0.0.1:0", "--opcua", "127.0.0.1:0"]
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            [self.binary, "run", *ports, "--state", str(self.state)],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        stop = threading.Timer(START_MAX_S, self.process.kill)
        stop.start()
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.ready = json.loads(line.removeprefix("ready "))
                break
        stop.cancel()
        if self.ready is None:
            raise AssertionError(f"no ready line: {(self.folder / 'log').read_text()}")
        # Whatever else it prints must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=ANSWER_MAX_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.log.close()

    @property
    def endpoint(self):
        address = self.ready["opcua"]
        return address if address.startswith("opc.tcp://") else f"opc.tcp://{address}/"


def make_certificate(folder, name):
    """A client's key and certificate."""
    asyncio.run(
        setup_self_signed_certificate(
            folder / f"{name}.pem",
            folder / f"{name}.der",
            CLIENT,
            "localhost",
            [ExtendedKeyUsageOID.CLIENT_AUTH],
            {"commonName": f"Sweetspring test {name}"},
        )
    )


class Room(unittest.IsolatedAsyncioTestCase):
    """A control room with a demo plant of its own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.controller = Controller(folder)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.controller.stop)
        for name in ["known", "stranger"]:
            make_certificate(folder, name)
        cls.controller.start()
        for name, role in [("noy", "Operator"), ("vong", "Observer"), ("khamla", "Supervisor")]:
            cls.controller.command("user", "add", name, "--role", role, given=f"{PASSWORD}\n")
        cls.controller.command("trust", str(folder / "known.der"))

    async def connect(
        self,
        user="noy",
        password=PASSWORD,
        policy=policies.SecurityPolicyBasic256Sha256,
        mode=SIGN_AND_ENCRYPT,
        certificate="known",
    ):
        client = Client(self.controller.endpoint, timeout=ANSWER_MAX_S)
        client.application_uri = CLIENT
        client.description = "control room"
        if policy is not None:
            folder = pathlib.Path(self.folder.name)
            cert, key = folder / f"{certificate}.der", folder / f"{certificate}.pem"
            await client.set_security(policy, cert, key, mode=mode)
        if user is not None:
            client.set_user(user)
            client.set_password(password)
        await client.connect()
        self.addAsyncCleanup(client.disconnect)
        self.index = await client.get_namespace_index(NAMESPACE)
        return client

    def node(self, client, name):
        return client.get_node(ua.NodeId(name, self.index))

    async def call(self, client, method, *arguments):
        folder = method.rpartition("/")[0]
        return await self.node(client, folder).call_method(self.node(client, method), *arguments)


class ControlRoom(Room):
    """What a control room sees and may do."""

    # Who is let in.

    async def test_only_signed_and_encrypted_endpoints_are_offered_and_only_to_people_with_a_password(self):
        client = Client(self.controller.endpoint, timeout=ANSWER_MAX_S)
        offered = await client.connect_and_get_server_endpoints()
        named = {endpoint.SecurityPolicyUri.rpartition("#")[2] for endpoint in offered}
        self.assertEqual(named, {"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"})
        self.assertEqual({endpoint.SecurityMode for endpoint in offered}, {SIGN, SIGN_AND_ENCRYPT})
        tokens = {token.TokenType for endpoint in offered for token in endpoint.UserIdentityTokens}
        self.assertEqual(tokens, {ua.UserTokenType.UserName})

    async def test_every_offered_policy_works(self):
        for policy in [
            policies.SecurityPolicyBasic256Sha256,
            policies.SecurityPolicyAes128Sha256RsaOaep,
            policies.SecurityPolicyAes256Sha256RsaPss,
        ]:
            for mode in [SIGN, SIGN_AND_ENCRYPT]:
                with self.subTest(policy=policy.__name__, mode=mode.name):
                    await self.connect(policy=policy, mode=mode)

    async def test_an_unknown_certificate_is_refused_until_it_is_trusted(self):
        for refusal in [BadCertificateUntrusted, BadSecurityChecksFailed]:
            with self.assertRaises(refusal):
                await self.connect(certificate="stranger")
        said = self.controller.command("trust", f"{self.folder.name}/stranger.der")
        self.assertIn("fingerprint", said)
        await self.connect(certificate="stranger")

    async def test_a_wrong_password_is_refused(self):
        with self.assertRaises(BadIdentityTokenRejected):
            await self.connect(user="khamla", password="wrong river 99")

    async def test_nobody_comes_in_without_a_name(self):
        with self.assertRaises(BadIdentityTokenInvalid):
            await self.connect(user=None)

    async def test_an_open_channel_carries_no_session(self):
        with self.assertRaises(ua.UaError):
            await self.connect(policy=None)

    # What is seen.

    async def test_a_value_comes_with_unit_span_quality_and_its_time(self):
        client = await self.connect(user="vong")
        node = self.node(client, "filter1.turbidity")
        value = await node.read_data_value()
        self.assertEqual(value.StatusCode, ua.StatusCode(ua.StatusCodes.Good))
        self.assertIsInstance(value.Value.Value, float)
        clock = await client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()
        age = abs((clock - value.SourceTimestamp).total_seconds())
        # Ten minutes tell a wrong epoch or time zone from a busy machine.
        self.assertLess(age, 600)
        unit = await (await node.get_child("0:EngineeringUnits")).read_value()
        self.assertEqual((unit.UnitId, unit.DisplayName.Text), (5133397, "NTU"))
        span = await (await node.get_child("0:EURange")).read_value()
        self.assertLess(span.Low, span.High)
        self.assertIn("AIT", (await node.read_display_name()).Text)

    async def test_the_plant_is_browsed_from_objects_to_a_value(self):
        client = await self.connect(user="vong")
        steps = ["Plant", "Filter1", "Values", "turbidity"]
        path = [f"{self.index}:{step}" for step in steps]
        node = await client.nodes.objects.get_child(path)
        self.assertEqual(node.nodeid.Identifier, "filter1.turbidity")
        plant = await client.nodes.objects.get_child(path[:1])
        units = {(await unit.read_browse_name()).Name for unit in await plant.get_children()}
        expected = {"Intake", "Coagulation", "Tank1", "Sedimentation", "Filtration", "Filter1"}
        expected |= {"Disinfection", "Distribution", "Waste", "Power", "System"}
        self.assertLessEqual(expected, units)

    async def test_an_output_says_what_holds_it_off_and_an_alarm_its_state(self):
        client = await self.connect(user="vong")
        held = await self.node(client, "intake.pump_a.run/HeldBy").read_value()
        self.assertIsInstance(held, list)
        alarm = self.node(client, "disinfection.chlorine_too_low")
        kind = client.get_node(await alarm.read_data_type())
        states = await (await kind.get_child("0:EnumStrings")).read_value()
        self.assertIn("Unacknowledged", [state.Text for state in states])
        self.assertIn(await alarm.read_value(), range(len(states)))
        for name, kind in [("Active", bool), ("Acked", bool), ("Number", int), ("Priority", int)]:
            below = self.node(client, f"disinfection.chlorine_too_low/{name}")
            self.assertIsInstance(await below.read_value(), kind)

    async def test_a_subscription_is_told_of_new_values_whose_times_never_run_back(self):
        client = await self.connect(user="vong")
        enough, times, seen = asyncio.Event(), [], []

        class Told:
            def datachange_notification(self, node, value, data):
                times.append(data.monitored_item.Value.SourceTimestamp)
                seen.append(value)
                # The analyser's last digit may stand still for a few readings.
                if len(seen) >= 4 and len(set(seen)) > 1:
                    enough.set()

        subscription = await client.create_subscription(200, Told())
        await subscription.subscribe_data_change(self.node(client, "disinfection.chlorine"))
        await asyncio.wait_for(enough.wait(), 60)
        self.assertEqual(times, sorted(times))

    # What may be done.

    async def test_an_operator_stops_and_starts_the_plant_and_is_told_why_not(self):
        client = await self.connect(user="noy")
        for method in ["plant/commands/stop", "plant/commands/start"]:
            accepted, reason = await self.call(client, method, "test from the control room")
            self.assertEqual((accepted, reason), (True, ""), method)
        refused = await self.call(client, "plant/alarms/ack_alarm", 999, "no such alarm")
        self.assertEqual(refused, [False, "Unknown"])

    async def test_the_audit_names_who_asked_from_where_and_why(self):
        client = await self.connect(user="noy")
        why = f"audit {os.urandom(4).hex()}"
        await self.call(client, "plant/commands/start", why)
        page = f"{self.controller.ready['http']}/api/events?limit=200"
        with urllib.request.urlopen(page, timeout=ANSWER_MAX_S) as answer:
            events = json.load(answer)["events"]
        asked = [event for event in events if event.get("why") == why]
        self.assertEqual([event["user"] for event in asked], ["noy"])
        self.assertIn("control room", asked[0]["origin"])

    async def test_an_observer_looks_and_touches_nothing(self):
        client = await self.connect(user="vong")
        for method in ["plant/commands/stop", "plant/commands/stop_all", "filter1/commands/wash"]:
            with self.assertRaises(BadUserAccessDenied):
                await self.call(client, method, "may I?")
            attribute = ua.AttributeIds.UserExecutable
            may = await self.node(client, method).read_attribute(attribute)
            self.assertFalse(may.Value.Value)
        with self.assertRaises(BadUserAccessDenied):
            await self.node(client, "disinfection.residual_target").write_value(1.0)

    async def test_a_supervisor_changes_a_setpoint_inside_its_range_and_nothing_else(self):
        client = await self.connect(user="khamla")
        node = self.node(client, "disinfection.residual_target")
        span = await (await node.get_child("0:EURange")).read_value()
        before = await node.read_value()
        wanted = (span.Low + span.High) / 2
        self.addAsyncCleanup(node.write_value, before)
        await node.write_value(wanted)
        async with asyncio.timeout(ANSWER_MAX_S):
            while abs(await node.read_value() - wanted) > 1e-9:
                await asyncio.sleep(0.05)
        with self.assertRaises(BadOutOfRange):
            await node.write_value(span.High * 100)
        with self.assertRaises(BadNotWritable):
            await self.node(client, "filter1.turbidity").write_value(0.1)


class Alarm(Room):
    """What becomes of an alarm."""

    def press(self, act, tag):
        """Works the panel of the demo plant."""
        request = urllib.request.Request(
            f"{self.controller.ready['http']}/api/field",
            data=json.dumps({"act": act, "tag": tag}).encode(),
            headers={"Content-Type": "application/json", "X-Requested-By": "sweetspring"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_MAX_S) as answer:
            self.assertTrue(json.load(answer)["accepted"])

    async def until(self, node, wanted):
        """Waits for a value; how long is judged elsewhere."""
        async with asyncio.timeout(60):
            while await node.read_value() != wanted:
                await asyncio.sleep(0.05)

    async def test_an_emergency_stop_is_seen_and_acknowledged_from_afar(self):
        client = await self.connect(user="noy")
        alarm = "system.emergency_stopped"
        active, acked = (self.node(client, f"{alarm}/{name}") for name in ["Active", "Acked"])
        unseen = self.node(client, "plant/alarms/UnackedCount")
        self.press("press", "ES-900")
        await self.until(active, True)
        self.assertEqual((await acked.read_value(), await unseen.read_value() > 0), (False, True))
        self.assertEqual(await self.node(client, "plant/alarms/HighestSeverity").read_value(), 900)
        held = await self.node(client, "intake.pump_a.run/HeldBy").read_value()
        self.assertIn("EmergencyStop", held)

        number = await self.node(client, f"{alarm}/Number").read_value()
        accepted = await self.call(client, "system/alarms/ack_alarm", number, "on my way")
        self.assertEqual(accepted, [True, ""])
        await self.until(acked, True)
        again = await self.call(client, "system/alarms/ack_alarm", number, "still on my way")
        self.assertEqual(again, [False, "NothingToAcknowledge"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
