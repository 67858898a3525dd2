//! The tree an engineer lives in, built from the catalogue in one walk.
//!
//! `Plant` has a unit each (`Filter1`), a unit has folders by kind of point (`Values`, `Outputs`, `Setpoints`, `Status`,
//! `Alarms`, `Commands`) and its devices (`PumpA`), which have the same. A point's node id is its path, for ever; the id of
//! what is no point has a `/` in it: `filter1/`, `filter1/values`, `filter1/commands/abort_wash`, `filter1.head_loss/EURange`.

use std::collections::HashMap;

use ::opcua::server::address_space::{
    AccessLevel, AddressSpace, DataTypeBuilder, MethodBuilder, ObjectBuilder, VariableBuilder,
};
use ::opcua::types::{
    DataTypeId, Identifier, LocalizedText, NodeId, ObjectId, ObjectTypeId, QualifiedName,
    ReferenceTypeId, VariableTypeId, Variant,
};
use plc::image::Command;
use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Row};

use crate::opcua::command::{self, Method};
use crate::opcua::people::Commands;
use crate::opcua::value;

/// Our namespace. Clients store this, not its index.
pub const NAMESPACE: &str = "urn:sweetspring:plant";

/// Where a changing node's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The sample of this row.
    Row(usize),
    /// What holds this output off.
    HeldBy(usize),
    /// Whether the cause of this alarm is there.
    Active(usize),
    /// Whether this alarm has been seen.
    Acked(usize),
    /// Alarms of the plant whose cause is there.
    ActiveCount,
    /// Alarms of the plant that wait to be seen.
    UnackedCount,
    /// OPC UA severity of the worst alarm that is there or waits to be seen; 0 without any.
    HighestSeverity,
}

/// The nodes that follow the plant, and the methods.
#[derive(Debug, Default)]
pub struct Tree {
    pub namespace: u16,
    /// Sources by node, for reading.
    pub sources: HashMap<NodeId, Source>,
    /// Nodes of each row, by its id, for notifying: its own first.
    pub of_row: Vec<Vec<(NodeId, Source)>>,
    /// Nodes over all alarms.
    pub of_alarms: Vec<(NodeId, Source)>,
    /// Row ids of the alarms.
    pub alarms: Vec<usize>,
    pub methods: HashMap<NodeId, Method>,
    /// Rows of the settings, which alone can be written.
    pub settings: HashMap<NodeId, usize>,
}

impl Tree {
    /// Builds all nodes below `Objects`.
    pub fn plant(catalogue: &Catalogue, namespace: u16, space: &mut AddressSpace) -> Tree {
        let mut grower = Grower { namespace, space, tree: Tree { namespace, ..Tree::default() } };
        grower.trunk();
        for row in &catalogue.rows {
            grower.row(row);
        }
        let mut units: Vec<&str> = catalogue.rows.iter().map(|row| row.unit.as_str()).collect();
        units.dedup();
        for unit in units {
            grower.methods(unit, "commands", command::of_unit(unit));
        }
        grower.tree
    }

    /// The command behind each method and each setpoint.
    pub fn commands(&self) -> Commands {
        let calls = self.methods.iter().map(|(node, method)| (node.clone(), method.command()));
        let set = |setting: &usize| Command::Set { setting: *setting, value: 0.0 };
        calls.chain(self.settings.iter().map(|(node, row)| (node.clone(), set(row)))).collect()
    }
}

struct Grower<'a> {
    namespace: u16,
    space: &'a mut AddressSpace,
    tree: Tree,
}

impl Grower<'_> {
    fn id(&self, name: impl Into<String>) -> NodeId {
        NodeId::new(self.namespace, name.into())
    }

    /// The id of what belongs to a node: `filter1.head_loss/EURange`.
    fn below(&self, node: &NodeId, name: &str) -> NodeId {
        match &node.identifier {
            Identifier::String(own) => self.id(format!("{own}/{name}")),
            Identifier::Numeric(_) | Identifier::Guid(_) | Identifier::ByteString(_) => {
                self.id(name)
            }
        }
    }

    fn name(&self, name: &str) -> QualifiedName {
        QualifiedName::new(self.namespace, name)
    }

    /// The plant, what belongs to it as a whole, and the type of alarm states.
    fn trunk(&mut self) {
        let plant = self.id("plant/");
        ObjectBuilder::new(&plant, self.name("Plant"), "Plant")
            .description("The water plant, a unit a folder.")
            .has_type_definition(ObjectTypeId::BaseObjectType)
            .organized_by(ObjectId::ObjectsFolder)
            .insert(self.space);
        let states = self.alarm_state_type();
        DataTypeBuilder::new(&states, self.name("AlarmState"), "AlarmState")
            .description("ISA-18.2 states of an alarm.")
            .subtype_of(DataTypeId::Enumeration)
            .insert(self.space);
        self.property(&states, "EnumStrings", DataTypeId::LocalizedText, value::alarm_states());
        self.methods("plant", "commands", command::of_plant());
        self.methods("plant", "alarms", vec![Method::acknowledge(None)]);
        for (name, about, source, data_type) in [
            ("ActiveCount", "Alarms that are there.", Source::ActiveCount, DataTypeId::UInt32),
            ("UnackedCount", "Alarms not yet seen.", Source::UnackedCount, DataTypeId::UInt32),
            (
                "HighestSeverity",
                "The worst alarm that is there or not yet seen: 900, 700, 500, 300; 0 without any.",
                Source::HighestSeverity,
                DataTypeId::UInt16,
            ),
        ] {
            let folder = self.folder("plant", "alarms");
            let node = self.id(format!("plant/alarms/{name}"));
            VariableBuilder::new(&node, self.name(name), spaced(name))
                .description(about)
                .data_type(data_type)
                .has_type_definition(VariableTypeId::BaseDataVariableType)
                .component_of(folder)
                .insert(self.space);
            self.follow(&node, source);
            self.tree.of_alarms.push((node, source));
        }
    }

    fn alarm_state_type(&self) -> NodeId {
        self.id("types/AlarmState")
    }

    /// A unit or device with all its parents: `intake.pump_a` is `intake/pump_a`, a unit alone `intake/`.
    fn object(&mut self, place: &str) -> NodeId {
        let node = match place.contains('.') {
            true => self.id(place.replace('.', "/")),
            false => self.id(format!("{place}/")),
        };
        if self.space.node_exists(&node) {
            return node;
        }
        let (parent, own) = match place.rsplit_once('.') {
            Some((parent, own)) => (self.object(parent), own),
            None => (self.id("plant/"), place),
        };
        let name = capitalised(own);
        ObjectBuilder::new(&node, self.name(&name), spaced(own))
            .has_type_definition(ObjectTypeId::BaseObjectType)
            .component_of(parent)
            .insert(self.space);
        node
    }

    /// A folder of a unit or device: `filter1/values`.
    fn folder(&mut self, place: &str, folder: &str) -> NodeId {
        let node = self.id(format!("{}/{folder}", place.replace('.', "/")));
        if !self.space.node_exists(&node) {
            let parent = self.object(place);
            let name = capitalised(folder);
            ObjectBuilder::new(&node, self.name(&name), name.as_str())
                .has_type_definition(ObjectTypeId::FolderType)
                .component_of(parent)
                .insert(self.space);
            if folder == "alarms" && place != "plant" && !place.contains('.') {
                self.methods(place, "alarms", vec![Method::acknowledge(Some(place))]);
            }
        }
        node
    }

    fn methods(&mut self, place: &str, folder: &str, methods: Vec<Method>) {
        for method in methods {
            let folder_node = self.folder(place, folder);
            let node = self.id(format!("{place}/{folder}/{}", snake(method.name)));
            let inputs = method.inputs();
            let mut builder =
                MethodBuilder::new(&node, self.name(method.name), spaced(method.name))
                    .description(method.about)
                    .component_of(folder_node);
            if !inputs.is_empty() {
                let arguments = self.below(&node, "InputArguments");
                builder = builder.input_args(self.space, &arguments, &inputs);
            }
            let results = self.below(&node, "OutputArguments");
            builder.output_args(self.space, &results, &Method::outputs()).insert(self.space);
            self.tree.methods.insert(node, method);
        }
    }

    fn row(&mut self, row: &Row) {
        let (place, field) = row.path.rsplit_once('.').unwrap_or((&row.unit, &row.path));
        let folder = match row.kind {
            Kind::Input(_) => "values",
            Kind::Output(..) => "outputs",
            Kind::Setting(_) => "setpoints",
            Kind::Status(_) | Kind::Retained(_) => "status",
            Kind::Alarm(_) => "alarms",
        };
        let folder = self.folder(place, folder);
        let node = self.id(row.path.as_str());
        // The tag says which instrument; several points of a device share it, so their own words follow.
        let shown = format!("{} {}", row.tag, field.replace('_', " "));
        let mut builder = VariableBuilder::new(&node, self.name(field), shown.trim())
            .description(row.about)
            .component_of(folder);
        builder = match row.form {
            Form::Number { .. } => {
                let kind = match row.span() {
                    Some(_) => VariableTypeId::AnalogUnitRangeType,
                    None => VariableTypeId::AnalogUnitType,
                };
                builder.data_type(DataTypeId::Double).has_type_definition(kind)
            }
            Form::OnOff => builder
                .data_type(DataTypeId::Boolean)
                .has_type_definition(VariableTypeId::TwoStateDiscreteType),
            Form::States(_) => builder
                .data_type(DataTypeId::Int32)
                .has_type_definition(VariableTypeId::MultiStateDiscreteType),
            Form::Reasons => builder
                .data_type(DataTypeId::String)
                .value_rank(1)
                .has_type_definition(VariableTypeId::BaseDataVariableType),
            Form::Alarm => builder
                .data_type(self.alarm_state_type())
                .has_type_definition(VariableTypeId::BaseDataVariableType),
        };
        if matches!(row.kind, Kind::Setting(_)) {
            let both = AccessLevel::CURRENT_READ | AccessLevel::CURRENT_WRITE;
            builder = builder.access_level(both).user_access_level(both);
            self.tree.settings.insert(node.clone(), row.id);
        }
        builder.insert(self.space);
        self.describe(&node, row);
        self.follow(&node, Source::Row(row.id));
        self.tree.of_row.push(vec![(node.clone(), Source::Row(row.id))]);
        match row.kind {
            Kind::Output(..) => {
                let held =
                    self.companion(&node, "HeldBy", DataTypeId::String, Source::HeldBy(row.id));
                self.tree.of_row[row.id].push(held);
            }
            Kind::Alarm(words) => {
                for (name, source) in
                    [("Active", Source::Active(row.id)), ("Acked", Source::Acked(row.id))]
                {
                    let companion = self.companion(&node, name, DataTypeId::Boolean, source);
                    self.tree.of_row[row.id].push(companion);
                }
                self.tree.alarms.push(row.id);
                let severity = Variant::UInt16(words.priority.severity());
                self.property(&node, "Priority", DataTypeId::UInt16, severity);
                let number = Variant::UInt16(words.number);
                self.property(&node, "Number", DataTypeId::UInt16, number);
            }
            Kind::Input(_) | Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) => {}
        }
    }

    /// The unit, span and state names of a point.
    fn describe(&mut self, node: &NodeId, row: &Row) {
        match row.form {
            Form::Number { symbol, unece, .. } => {
                let unit = self.id(format!("types/units/{symbol}"));
                let worth = || value::unit(symbol, unece);
                self.shared(node, &unit, "EngineeringUnits", DataTypeId::EUInformation, worth);
                if let Some(span) = row.span() {
                    self.property(node, "EURange", DataTypeId::Range, value::range(span));
                }
            }
            Form::OnOff => {
                for (name, word) in [("FalseState", "off"), ("TrueState", "on")] {
                    let state = self.id(format!("types/{name}"));
                    let word = || Variant::from(LocalizedText::from(word));
                    self.shared(node, &state, name, DataTypeId::LocalizedText, word);
                }
            }
            Form::States(names) => {
                // Devices of a kind have the same states.
                let states = self.id(format!("types/states/{}", names.join(" ")));
                let worth = || value::states(names);
                self.shared(node, &states, "EnumStrings", DataTypeId::LocalizedText, worth);
            }
            Form::Reasons | Form::Alarm => {}
        }
    }

    /// A standing fact that many nodes have alike; one node for all of them, or the tree would be twice as big.
    fn shared(
        &mut self,
        of: &NodeId,
        node: &NodeId,
        name: &str,
        data_type: DataTypeId,
        value: impl FnOnce() -> Variant,
    ) {
        if self.space.node_exists(node) {
            self.space.insert_reference(of, node, ReferenceTypeId::HasProperty);
        } else {
            self.property_at(of, node, name, data_type, value());
        }
    }

    /// A standing fact about a node.
    fn property(&mut self, of: &NodeId, name: &str, data_type: DataTypeId, value: Variant) {
        self.property_at(of, &self.below(of, name), name, data_type, value);
    }

    fn property_at(
        &mut self,
        of: &NodeId,
        node: &NodeId,
        name: &str,
        data_type: DataTypeId,
        value: Variant,
    ) {
        let rank = if value.is_array() { 1 } else { -1 };
        VariableBuilder::new(node, QualifiedName::new(0, name), name)
            .data_type(data_type)
            .value_rank(rank)
            .value(value)
            .has_type_definition(VariableTypeId::PropertyType)
            .property_of(of.clone())
            .insert(self.space);
    }

    /// A value beside a point's own.
    fn companion(
        &mut self,
        of: &NodeId,
        name: &str,
        data_type: DataTypeId,
        source: Source,
    ) -> (NodeId, Source) {
        let node = self.below(of, name);
        let rank = if matches!(source, Source::HeldBy(_)) { 1 } else { -1 };
        VariableBuilder::new(&node, self.name(name), spaced(name))
            .data_type(data_type)
            .value_rank(rank)
            .has_type_definition(VariableTypeId::BaseDataVariableType)
            .component_of(of.clone())
            .insert(self.space);
        self.follow(&node, source);
        (node, source)
    }

    fn follow(&mut self, node: &NodeId, source: Source) {
        self.tree.sources.insert(node.clone(), source);
    }
}

/// `pump_a` as `PumpA`.
fn capitalised(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters)
        })
        .collect()
}

/// `StopAll` as `stop_all`.
fn snake(name: &str) -> String {
    spaced(name).replace(' ', "_").to_lowercase()
}

/// `pump_a` as `Pump a`, `StopAll` as `Stop all`.
fn spaced(name: &str) -> String {
    let mut shown = String::new();
    for (place, letter) in name.chars().enumerate() {
        match letter {
            '_' => shown.push(' '),
            _ if place == 0 => shown.extend(letter.to_uppercase()),
            _ if letter.is_uppercase() => {
                shown.push(' ');
                shown.extend(letter.to_lowercase());
            }
            _ => shown.push(letter),
        }
    }
    shown
}
