//! Reading, writing and calling the nodes of the tree.
//!
//! Nothing is stored a second time: a read takes the newest [`Live`], a write or call asks the plant through the exchange.

use std::sync::Arc;

use ::opcua::server::CreateMonitoredItem;
use ::opcua::server::address_space::{AddressSpace, add_namespaces};
use ::opcua::server::diagnostics::NamespaceMetadata;
use ::opcua::server::node_manager::memory::{
    InMemoryNodeManagerImpl, InMemoryNodeManagerImplBuilder,
};
use ::opcua::server::node_manager::{
    MethodCall, ParsedReadValueId, ParsedWriteValue, RequestContext, ServerContext, WriteNode,
};
use ::opcua::sync::RwLock;
use ::opcua::types::{
    AttributeId, DataValue, DateTime, NumericRange, StatusCode, TimestampsToReturn, Variant,
};
use async_trait::async_trait;
use plc::image::Command;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::Quality;
use plc::tag::{Catalogue, Kind};

use crate::exchange::{Exchange, Live};
use crate::opcua::command::{self, Refused};
use crate::opcua::people::Door;
use crate::opcua::stamps::Stamps;
use crate::opcua::tree::{NAMESPACE, Source, Tree};
use crate::opcua::value;

/// What [`PlantNodes`] are made from.
pub struct Seed {
    pub exchange: Arc<Exchange>,
    pub stamps: Arc<Stamps>,
    pub door: Arc<Door>,
    pub version: String,
}

impl InMemoryNodeManagerImplBuilder for Seed {
    type Impl = PlantNodes;

    fn build(self, context: ServerContext, space: &mut AddressSpace) -> PlantNodes {
        let namespace = add_namespaces(&context, space, &[NAMESPACE])[0];
        let tree = Tree::plant(&self.exchange.catalogue, namespace, space);
        self.door.guard(tree.commands());
        PlantNodes {
            exchange: self.exchange,
            stamps: self.stamps,
            door: self.door,
            version: self.version,
            tree: Arc::new(tree),
        }
    }
}

/// The nodes of our namespace.
pub struct PlantNodes {
    exchange: Arc<Exchange>,
    stamps: Arc<Stamps>,
    door: Arc<Door>,
    version: String,
    tree: Arc<Tree>,
}

impl PlantNodes {
    /// The tree, for whoever notifies.
    pub fn tree(&self) -> Arc<Tree> {
        Arc::clone(&self.tree)
    }

    fn read(
        &self,
        space: &AddressSpace,
        context: &RequestContext,
        node: &ParsedReadValueId,
        live: &Live,
    ) -> Option<DataValue> {
        let source = *self.tree.sources.get(&node.node_id)?;
        if let Err(status) = space.validate_node_read(context, node) {
            return Some(refused(status));
        }
        let catalogue = &self.exchange.catalogue;
        let mut read = now(source, catalogue, &self.tree, live, &self.stamps, DateTime::now());
        if node.index_range.has_range() {
            match read.value.take().map(|value| value.range_of(&node.index_range)) {
                Some(Ok(part)) => read.value = Some(part),
                Some(Err(status)) => return Some(refused(status)),
                None => {}
            }
        }
        Some(read)
    }

    async fn write_one(&self, context: &RequestContext, write: &ParsedWriteValue) -> StatusCode {
        if write.attribute_id != AttributeId::Value {
            return StatusCode::BadNotWritable;
        }
        let Some(row) = self.tree.settings.get(&write.node_id) else {
            return StatusCode::BadNotWritable;
        };
        let row = &self.exchange.catalogue.rows[*row];
        let Kind::Setting(words) = row.kind else { return StatusCode::BadNotWritable };
        let (user, session) = caller(context);
        let who = self.door.who(&user, &session).await;
        if !self.door.may(&who, &Command::Set { setting: row.id, value: 0.0 }) {
            return StatusCode::BadUserAccessDenied;
        }
        // A setting has no quality and no time of its own; clients that send a time with the value mean nothing by it.
        if write.index_range.has_range()
            || write.value.status.is_some_and(|status| !status.is_good())
        {
            return StatusCode::BadWriteNotSupported;
        }
        let Some(value) = write.value.value.as_ref().and_then(|value| number(row.form, value))
        else {
            return StatusCode::BadTypeMismatch;
        };
        if !(value >= words.low && value <= words.high) {
            return StatusCode::BadOutOfRange;
        }
        let set = Command::Set { setting: row.id, value };
        match self.exchange.ask(who, set, String::new()).await {
            Ok(()) => StatusCode::Good,
            Err(Reason::NotPermitted) => StatusCode::BadUserAccessDenied,
            Err(Reason::OutOfRange) => StatusCode::BadOutOfRange,
            Err(Reason::QueueFull) => StatusCode::BadTooManyOperations,
            Err(_) => StatusCode::BadInvalidState,
        }
    }

    async fn call_one(
        &self,
        context: &RequestContext,
        call: &MethodCall,
    ) -> Result<Vec<Variant>, StatusCode> {
        let method = self.tree.methods.get(call.method_id()).ok_or(StatusCode::BadMethodInvalid)?;
        let (user, session) = caller(context);
        let who = self.door.who(&user, &session).await;
        if !self.door.may(&who, &method.command()) {
            return Err(StatusCode::BadUserAccessDenied);
        }
        let live = self.exchange.live();
        let catalogue = &self.exchange.catalogue;
        let (commands, why) = match method.commands(call.arguments(), catalogue, &live.snapshot) {
            Ok(asked) => asked,
            Err(Refused::Call(status)) => return Err(status),
            Err(Refused::Plant(reason)) => return Ok(command::answer(Err(reason))),
        };
        let mut verdict = Ok(());
        for command in commands {
            verdict = verdict.and(self.exchange.ask(who.clone(), command, why.clone()).await);
        }
        Ok(command::answer(verdict))
    }
}

#[async_trait]
impl InMemoryNodeManagerImpl for PlantNodes {
    async fn init(&self, _space: &mut AddressSpace, _context: ServerContext) {}

    fn name(&self) -> &str {
        "plant"
    }

    fn namespaces(&self) -> Vec<NamespaceMetadata> {
        vec![NamespaceMetadata {
            namespace_uri: NAMESPACE.to_owned(),
            namespace_version: Some(self.version.clone()),
            namespace_index: self.tree.namespace,
            ..NamespaceMetadata::default()
        }]
    }

    async fn read_values(
        &self,
        context: &RequestContext,
        space: &RwLock<AddressSpace>,
        nodes: &[&ParsedReadValueId],
        max_age: f64,
        times: TimestampsToReturn,
    ) -> Vec<DataValue> {
        let live = self.exchange.live();
        let space = space.read();
        let read = |node: &&ParsedReadValueId| match self.read(&space, context, node, &live) {
            Some(value) => with_times(value, times),
            None => space.read(context, node, max_age, times),
        };
        nodes.iter().map(read).collect()
    }

    async fn create_value_monitored_items(
        &self,
        context: &RequestContext,
        space: &RwLock<AddressSpace>,
        items: &mut [&mut &mut CreateMonitoredItem],
    ) {
        let live = self.exchange.live();
        let space = space.read();
        for item in items {
            // The item cuts its range out of the whole value itself.
            let mut whole = item.item_to_monitor().clone();
            whole.index_range = NumericRange::None;
            let first = self
                .read(&space, context, &whole, &live)
                .unwrap_or_else(|| space.read(context, &whole, 0.0, TimestampsToReturn::Both));
            let status = first.status();
            if [StatusCode::BadNodeIdUnknown, StatusCode::BadUserAccessDenied].contains(&status) {
                item.set_status(status);
                continue;
            }
            if status != StatusCode::BadAttributeIdInvalid {
                item.set_initial_value(first);
            }
            item.set_status(StatusCode::Good);
        }
    }

    async fn write(
        &self,
        context: &RequestContext,
        space: &RwLock<AddressSpace>,
        writes: &mut [&mut WriteNode],
    ) -> Result<(), StatusCode> {
        for write in writes {
            let known = space.read().node_exists(&write.value().node_id);
            let status = match known {
                true => self.write_one(context, write.value()).await,
                false => StatusCode::BadNodeIdUnknown,
            };
            write.set_status(status);
        }
        Ok(())
    }

    async fn call(
        &self,
        context: &RequestContext,
        _space: &RwLock<AddressSpace>,
        calls: &mut [&mut &mut MethodCall],
    ) -> Result<(), StatusCode> {
        for call in calls {
            match self.call_one(context, call).await {
                Ok(outputs) => {
                    call.set_outputs(outputs);
                    call.set_status(StatusCode::Good);
                }
                Err(status) => call.set_status(status),
            }
        }
        Ok(())
    }
}

/// The value of a source now.
pub fn now(
    source: Source,
    catalogue: &Catalogue,
    tree: &Tree,
    live: &Live,
    stamps: &Stamps,
    at: DateTime,
) -> DataValue {
    let sample = |row: usize| &live.snapshot.samples[row];
    let good = |row, value| value::data_value(Some(value), Quality::Good, stamps.of(row), at);
    match source {
        Source::Row(row) => {
            let value = value::variant(catalogue.rows[row].form, sample(row));
            value::data_value(value, sample(row).quality, stamps.of(row), at)
        }
        Source::HeldBy(row) => good(row, value::reasons(sample(row).why)),
        Source::Active(row) => {
            good(row, Variant::Boolean(value::alarm_state(sample(row)).is_active()))
        }
        Source::Acked(row) => {
            good(row, Variant::Boolean(value::alarm_state(sample(row)).is_acknowledged()))
        }
        Source::ActiveCount | Source::UnackedCount | Source::HighestSeverity => {
            let value = over_alarms(source, catalogue, tree, live);
            value::data_value(Some(value), Quality::Good, live.wall.ms, at)
        }
    }
}

fn over_alarms(source: Source, catalogue: &Catalogue, tree: &Tree, live: &Live) -> Variant {
    let (mut active, mut unseen, mut worst) = (0u32, 0u32, 0u16);
    for row in &tree.alarms {
        let sample = &live.snapshot.samples[*row];
        // What is on the shelf, suppressed or out of service is not what people are told.
        if !sample.why.is_empty() {
            continue;
        }
        let state = value::alarm_state(sample);
        active += u32::from(state.is_active());
        unseen += u32::from(!state.is_acknowledged());
        if let Kind::Alarm(words) = catalogue.rows[*row].kind
            && (state.is_active() || !state.is_acknowledged())
        {
            worst = worst.max(words.priority.severity());
        }
    }
    match source {
        Source::ActiveCount => Variant::UInt32(active),
        Source::UnackedCount => Variant::UInt32(unseen),
        Source::HighestSeverity
        | Source::Row(_)
        | Source::HeldBy(_)
        | Source::Active(_)
        | Source::Acked(_) => Variant::UInt16(worst),
    }
}

/// A number for a setting; `None` for what is none.
fn number(form: Form, value: &Variant) -> Option<f64> {
    match (form, value) {
        (Form::OnOff, Variant::Boolean(on)) => Some(f64::from(u8::from(*on))),
        (Form::Number { .. } | Form::States(_), value) if value.is_numeric() => value.as_f64(),
        (Form::OnOff | Form::Number { .. } | Form::States(_) | Form::Reasons | Form::Alarm, _) => {
            None
        }
    }
}

fn caller(context: &RequestContext) -> (::opcua::server::authenticator::UserToken, String) {
    (context.user_token().clone(), context.session().read().session_name().to_owned())
}

fn refused(status: StatusCode) -> DataValue {
    DataValue { status: Some(status), ..DataValue::default() }
}

fn with_times(mut value: DataValue, times: TimestampsToReturn) -> DataValue {
    let (source, server) = match times {
        TimestampsToReturn::Both => (true, true),
        TimestampsToReturn::Source => (true, false),
        TimestampsToReturn::Server => (false, true),
        TimestampsToReturn::Neither | TimestampsToReturn::Invalid => (false, false),
    };
    value.source_timestamp = value.source_timestamp.filter(|_| source);
    value.server_timestamp = value.server_timestamp.filter(|_| server);
    value
}
