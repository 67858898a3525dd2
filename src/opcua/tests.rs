use std::collections::BTreeSet;

use ::opcua::server::address_space::{AddressSpace, DefaultTypeTree, NodeType};
use ::opcua::types::{
    BrowseDirection, DataEncoding, NodeId, NumericRange, StatusCode, TimestampsToReturn, Variant,
};
use plc::alarm::{Condition, Priority, State};
use plc::image::{Command, Sample, Snapshot};
use plc::interlock::Column;
use plc::output::Output;
use plc::quantity::{Form, KiloPascals, MilligramsPerLitre, Value};
use plc::reason::{Reason, Reasons};
use plc::signal::{Quality, Signal};
use plc::tag::{
    Adjustable, Catalogue, Cataloguer, Driven, Group, Head, Measured, Plain, Point, Rationale,
    Role, Visitor,
};

use super::command::{Asks, Refused};
use super::tree::{Source, Tree};
use super::*;
use crate::access::users::in_memory::InMemory;
use crate::exchange::{Live, Wall};

const NAMESPACE_INDEX: u16 = 2;

static FILTER: Group = Group::numbered("filter", "");
static INTAKE: Group = Group::single("intake", "");
static PUMP: Group = Group::lettered("pump", "P-101x");
static LOSS: Point<Measured> =
    Point { head: head("head_loss", "PDT-3n0", KiloPascals::FORM), words: measured(40.0) };
static RUNNING: Point<Measured> =
    Point { head: head("running", "", Form::OnOff), words: measured(1.0) };
static RUN: Point<Driven> = Point {
    head: head("run", "", Form::OnOff),
    words: Driven { column: Some(Column::Positions), high: 1.0 },
};
static TARGET: Point<Adjustable> = Point {
    head: head("target", "AIC-403", MilligramsPerLitre::FORM),
    words: plc::declare::between(0.5..=2.0, 0.8).by(Role::Supervisor),
};
static BLOCKED: Point<Plain> = Point {
    head: head("blocked", "", Form::Reasons),
    words: Plain { span: None, among: Reasons::NONE },
};
static TURBID: Point<Rationale> = Point {
    head: head("turbid", "AIT-3n0", Form::Alarm),
    words: plc::declare::alarm(301, Priority::P2),
};

const fn head(field: &'static str, tag: &'static str, form: Form) -> Head {
    Head { field, tag, about: "Described.", form }
}

const fn measured(high: f64) -> Measured {
    plc::declare::measured(0.0..=high)
}

/// An intake with two pumps and two filters.
fn catalogue() -> Catalogue {
    Catalogue::of(|writer: &mut Cataloguer| {
        writer.enter(&INTAKE, None);
        for pump in 1..=2 {
            writer.enter(&PUMP, Some(pump));
            writer.input::<bool>(&RUNNING, &mut Signal::default());
            writer.output::<bool>(&RUN, &mut Output::default());
            writer.leave();
        }
        writer.leave();
        for filter in 1..=2 {
            writer.enter(&FILTER, Some(filter));
            writer.input::<KiloPascals>(&LOSS, &mut Signal::default());
            writer.status::<Reasons>(&BLOCKED, &mut Reasons::default());
            writer.setting::<MilligramsPerLitre>(&TARGET, &mut MilligramsPerLitre(0.8));
            writer.alarm(&TURBID, &mut Condition::Clear);
            writer.leave();
        }
    })
}

fn tree() -> (Catalogue, Tree, AddressSpace) {
    let catalogue = catalogue();
    let mut space = AddressSpace::new();
    space.add_namespace(NAMESPACE, NAMESPACE_INDEX);
    let tree = Tree::plant(&catalogue, NAMESPACE_INDEX, &mut space);
    (catalogue, tree, space)
}

fn id(name: &str) -> NodeId {
    NodeId::new(NAMESPACE_INDEX, name)
}

fn standing(space: &AddressSpace, name: &str) -> Variant {
    let Some(NodeType::Variable(node)) = space.find(&id(name)) else { panic!("no {name}") };
    let (times, range) = (TimestampsToReturn::Neither, NumericRange::None);
    node.value(times, &range, &DataEncoding::Binary, 0.0).value.unwrap()
}

#[test]
fn every_point_is_a_node_of_its_own_path() {
    let (catalogue, tree, space) = tree();
    for row in &catalogue.rows {
        assert!(space.node_exists(&id(&row.path)), "{}", row.path);
        assert_eq!(tree.sources[&id(&row.path)], Source::Row(row.id));
    }
    let paths: BTreeSet<&str> = catalogue.rows.iter().map(|row| row.path.as_str()).collect();
    for node in tree.sources.keys().chain(tree.methods.keys()) {
        let name = node.identifier.to_string();
        let name = name.strip_prefix("s=").unwrap();
        assert!(paths.contains(name) || name.contains('/'), "{name} is no point");
    }
}

#[test]
fn a_number_comes_with_its_unit_and_its_span() {
    let (_, _, space) = tree();
    assert_eq!(standing(&space, "filter2.head_loss/EURange"), value::range((0.0, 40.0)));
    let mut properties = references(&space, &DefaultTypeTree::new(), "filter2.head_loss");
    properties.sort();
    assert_eq!(properties, ["s=filter2.head_loss/EURange", "s=types/units/kPa"]);
    assert_eq!(standing(&space, "types/units/kPa"), value::unit("kPa", "KPA"));
    assert_eq!(standing(&space, "filter1.target/EURange"), value::range((0.5, 2.0)));
}

/// Names of what a node of ours leads to in our namespace.
fn references(space: &AddressSpace, types: &DefaultTypeTree, name: &str) -> Vec<String> {
    let (node, all) = (id(name), None::<(NodeId, bool)>);
    let found = space.find_references(&node, all, types, BrowseDirection::Forward);
    found
        .filter(|found| found.target_node.namespace == NAMESPACE_INDEX)
        .map(|found| found.target_node.identifier.to_string())
        .collect()
}

#[test]
fn the_reference_plant_fits_a_village() {
    // docs/spec/interfaces.md UA-03.
    let (nodes_max, depth_max) = (3_000, 6);
    let plant = plc::plant::Plant::new(&plc::plant::Shape::default());
    let mut space = AddressSpace::new();
    space.add_namespace(NAMESPACE, NAMESPACE_INDEX);
    Tree::plant(plant.catalogue(), NAMESPACE_INDEX, &mut space);
    let types = DefaultTypeTree::new();
    let mut nodes = BTreeSet::from(["s=plant/".to_owned()]);
    let mut level: Vec<String> = nodes.iter().cloned().collect();
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        let below = level
            .iter()
            .flat_map(|name| references(&space, &types, name.strip_prefix("s=").unwrap_or(name)));
        level = below.filter(|name| nodes.insert(name.clone())).collect();
    }
    for row in &plant.catalogue().rows {
        assert!(nodes.contains(&format!("s={}", row.path)), "{} is out of reach", row.path);
    }
    assert!(nodes.len() < nodes_max && depth <= depth_max, "{} nodes, {depth} deep", nodes.len());
}

#[test]
fn an_output_says_what_holds_it_and_an_alarm_what_became_of_it() {
    let (catalogue, tree, space) = tree();
    let row = |path: &str| catalogue.find(path).unwrap().id;
    let run = row("intake.pump_b.run");
    assert_eq!(tree.sources[&id("intake.pump_b.run/HeldBy")], Source::HeldBy(run));
    let turbid = row("filter1.turbid");
    assert_eq!(tree.sources[&id("filter1.turbid/Active")], Source::Active(turbid));
    assert_eq!(tree.sources[&id("filter1.turbid/Acked")], Source::Acked(turbid));
    assert_eq!(standing(&space, "filter1.turbid/Number"), Variant::UInt16(301));
    assert_eq!(standing(&space, "filter1.turbid/Priority"), Variant::UInt16(700));
}

#[test]
fn each_command_stands_where_an_engineer_looks_for_it() {
    let (_, tree, space) = tree();
    for name in [
        "plant/commands/start",
        "plant/commands/stop",
        "plant/commands/stop_all",
        "plant/commands/reset",
        "plant/alarms/ack_alarm",
        "filter2/commands/wash",
        "filter2/commands/abort_wash",
        "filter2/alarms/ack_alarm",
        "intake/commands/close",
    ] {
        assert!(tree.methods.contains_key(&id(name)) && space.node_exists(&id(name)), "{name}");
    }
    assert!(space.node_exists(&id("intake/pump_a")) && space.node_exists(&id("filter1/")));
    let own = Asks::Acknowledge { unit: Some("filter2".to_owned()) };
    assert_eq!(tree.methods[&id("filter2/alarms/ack_alarm")].asks, own);
}

#[test]
fn nothing_but_setpoints_can_be_written() {
    let (_, tree, space) = tree();
    for node in tree.sources.keys() {
        let Some(NodeType::Variable(variable)) = space.find(node) else { panic!("{node}") };
        assert_eq!(variable.is_writable(), tree.settings.contains_key(node), "{node}");
    }
    assert_eq!(tree.settings.len(), 2);
}

#[test]
fn the_worst_alarm_that_is_there_or_unseen_gives_the_plants_severity() {
    let (catalogue, tree, _) = tree();
    let alarm = |path: &str| catalogue.find(path).unwrap().id;
    let over = |states: [State; 2]| {
        let mut snapshot = Snapshot::new(&catalogue);
        for (path, state) in ["filter1.turbid", "filter2.turbid"].into_iter().zip(states) {
            let value = f64::from(state as u8);
            snapshot.samples[alarm(path)] =
                Sample { value, quality: Quality::Good, why: Reasons::default() };
        }
        let live = Live { snapshot, wall: Wall::default(), scan: 1 };
        let stamps = Stamps::new(catalogue.rows.len());
        let now = |source| {
            nodes::now(source, &catalogue, &tree, &live, &stamps, DateTime::null()).value.unwrap()
        };
        (now(Source::ActiveCount), now(Source::UnackedCount), now(Source::HighestSeverity))
    };
    use Variant::{UInt16, UInt32};
    for (states, told) in [
        ([State::Normal, State::Normal], (UInt32(0), UInt32(0), UInt16(0))),
        ([State::Unacknowledged, State::Acknowledged], (UInt32(2), UInt32(1), UInt16(700))),
        ([State::ReturnedUnacknowledged, State::Normal], (UInt32(0), UInt32(1), UInt16(700))),
        ([State::LatchedAcknowledged, State::Normal], (UInt32(0), UInt32(0), UInt16(0))),
    ] {
        assert_eq!(over(states), told, "{states:?}");
    }
}

#[test]
fn an_alarm_number_acknowledges_what_waits_in_that_unit_or_in_the_plant() {
    let (catalogue, tree, _) = tree();
    let alarm = |path: &str| catalogue.find(path).unwrap().id;
    let (first, second) = (alarm("filter1.turbid"), alarm("filter2.turbid"));
    let mut snapshot = Snapshot::new(&catalogue);
    for row in [first, second] {
        let value = f64::from(State::Unacknowledged as u8);
        snapshot.samples[row] = Sample { value, quality: Quality::Good, why: Reasons::default() };
    }
    let call = |method: &str, number: Variant| {
        tree.methods[&id(method)].commands(&[number, "seen".into()], &catalogue, &snapshot)
    };
    let seen = |alarm| Command::Acknowledge { alarm };
    assert_eq!(
        call("plant/alarms/ack_alarm", Variant::Int64(301)),
        Ok((vec![seen(first), seen(second)], "seen".to_owned()))
    );
    assert_eq!(
        call("filter2/alarms/ack_alarm", Variant::UInt16(301)),
        Ok((vec![seen(second)], "seen".to_owned()))
    );
    assert_eq!(
        call("plant/alarms/ack_alarm", Variant::Int64(999)),
        Err(Refused::Plant(Reason::Unknown))
    );
    for wrong in [Variant::Int32(-1), Variant::Double(301.5), "301".into()] {
        assert_eq!(
            call("plant/alarms/ack_alarm", wrong),
            Err(Refused::Call(StatusCode::BadInvalidArgument))
        );
    }
}

/// A server of the small plant, with nobody in it and one scan made.
async fn house(pki: &std::path::Path) -> (Options, Arc<Exchange>, Arc<Access>) {
    let catalogue = Arc::new(catalogue());
    let access = Access::open(Arc::new(InMemory::default()), catalogue.clone()).await.unwrap();
    let exchange = Exchange::new(catalogue);
    let snapshot = exchange.live().snapshot.clone();
    exchange.publish(&snapshot, Wall { ms: 1_700_000_000_000, trusted: true }, 1);
    tokio::spawn(exchange.clone().pump());
    let options = Options {
        address: "127.0.0.1:0".parse().unwrap(),
        pki: pki.to_owned(),
        plant: "Yang Neua".to_owned(),
        version: "0".to_owned(),
        policies: Policy::ALL.to_vec(),
    };
    (options, exchange, Arc::new(access))
}

#[tokio::test]
async fn a_taken_port_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (options, exchange, access) = house(folder.path()).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options { address: taken.local_addr().unwrap(), ..options };
    let refused = serve(options, exchange, access, std::future::pending()).unwrap_err();
    assert!(matches!(refused, ServeFailed::Listen { .. }), "{refused}");
}

#[tokio::test]
async fn the_server_answers_once_its_certificate_is_made_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (options, exchange, access) = house(folder.path()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let mut serving = serve(options, exchange, access, shutdown).unwrap();
    assert_eq!(serving.endpoint, format!("opc.tcp://{}/", serving.address));
    serving.ready.wait_for(|ready| *ready).await.unwrap();
    assert!(folder.path().join("own/cert.der").exists());
    tokio::net::TcpStream::connect(serving.address).await.unwrap();
    stop.send(()).unwrap();
    serving.task.await.unwrap();
}
