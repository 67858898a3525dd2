//! The field points of a plant of any shape and a few settings, for the loader's own tests.

use std::time::Duration;

use plc::interlock::Column;
use plc::plant::Shape;
use plc::quantity::Form;
use plc::tag::{Adjustable, Catalogue, Driven, Kind, Measured, Plain, Role, Row, Source};

struct Writer {
    rows: Vec<Row>,
    inputs: usize,
    outputs: usize,
}

const SOME_TRAVEL: f64 = 0.5;

impl Writer {
    fn row(&mut self, path: String, tag: &str, form: Form, kind: Kind) {
        let unit = path.split('.').next().unwrap_or_default().to_string();
        let slot = match kind {
            Kind::Input(_) => self.inputs,
            Kind::Output(..) => self.outputs,
            Kind::Setting(_) | Kind::Status(_) | Kind::Retained | Kind::Alarm(_) => 0,
        };
        match kind {
            Kind::Input(_) => self.inputs += 1,
            Kind::Output(..) => self.outputs += 1,
            Kind::Setting(_) | Kind::Status(_) | Kind::Retained | Kind::Alarm(_) => {}
        }
        let (id, tag, about) = (self.rows.len(), tag.to_string(), "a point.");
        self.rows.push(Row { id, path, tag, unit, about, form, kind, slot });
    }

    fn input(&mut self, path: &str, tag: &str, symbol: &'static str, high: f64, poll: f64) {
        let form = match symbol {
            "" => Form::OnOff,
            symbol => Form::Number { symbol, unece: "C62", decimals: 2 },
        };
        let poll = Duration::from_secs_f64(poll);
        let (rate_max, negative_min, source) = (0.0, f64::NEG_INFINITY, Source::Field);
        let words = Measured { low: 0.0, high, poll, rate_max, negative_min, source };
        self.row(path.to_string(), tag, form, Kind::Input(words));
    }

    fn output(&mut self, path: &str, symbol: &'static str, high: f64, column: Column) {
        let form = match symbol {
            "" => Form::OnOff,
            symbol => Form::Number { symbol, unece: "C62", decimals: 2 },
        };
        let words = Driven { column: Some(column), high };
        self.row(path.to_string(), "", form, Kind::Output(words, column));
    }

    fn setting(&mut self, path: &str, form: Form, low: f64, high: f64) {
        let words = Adjustable { low, high, default: low, role: Role::Engineer };
        self.row(path.to_string(), "", form, Kind::Setting(words));
    }

    fn drive(&mut self, path: &str, column: Column) {
        self.input(&format!("{path}.running"), "", "", 1.0, 1.0);
        self.input(&format!("{path}.tripped"), "", "", 1.0, 1.0);
        self.input(&format!("{path}.frequency"), "", "Hz", 60.0, 1.0);
        self.input(&format!("{path}.power"), "", "kW", 5.0, 1.0);
        self.output(&format!("{path}.run"), "", 1.0, column);
        self.output(&format!("{path}.speed"), "%", 100.0, column);
    }

    fn motor(&mut self, path: &str, column: Column) {
        self.input(&format!("{path}.running"), "", "", 1.0, 0.5);
        self.output(&format!("{path}.run"), "", 1.0, column);
    }

    fn motor_valve(&mut self, path: &str) {
        self.input(&format!("{path}.opened"), "", "", 1.0, SOME_TRAVEL);
        self.input(&format!("{path}.closed"), "", "", 1.0, SOME_TRAVEL);
        self.output(&format!("{path}.open"), "", 1.0, Column::Positions);
        self.output(&format!("{path}.close"), "", 1.0, Column::Positions);
    }

    fn return_valve(&mut self, path: &str, column: Column) {
        self.input(&format!("{path}.opened"), "", "", 1.0, SOME_TRAVEL);
        self.input(&format!("{path}.closed"), "", "", 1.0, SOME_TRAVEL);
        self.output(&format!("{path}.open"), "", 1.0, column);
    }

    fn doser(&mut self, path: &str, column: Column) {
        self.input(&format!("{path}.strokes"), "", "pcs", 65_535.0, 0.5);
        self.output(&format!("{path}.enable"), "", 1.0, column);
        self.output(&format!("{path}.rate"), "1/min", 180.0, column);
        self.output(&format!("{path}.choose_b"), "", 1.0, Column::Positions);
    }
}

const LETTERS: [char; 3] = ['a', 'b', 'c'];

/// Polls and ranges of `docs/spec/plant.md` 1.4.
pub fn catalogue_of(shape: &Shape) -> Catalogue {
    let mut w = Writer { rows: Vec::new(), inputs: 0, outputs: 0 };
    let number = |symbol| Form::Number { symbol, unece: "C62", decimals: 2 };
    w.input("intake.river_level", "LT-101", "m", 6.0, 10.0);
    w.input("intake.wet_well_level", "LT-102", "m", 4.0, 5.0);
    w.input("intake.wet_well_low_low", "LSLL-102", "", 1.0, 0.1);
    w.input("intake.discharge_pressure", "PT-101", "kPa", 600.0, 1.0);
    w.input("intake.flow", "FIT-101", "m³/h", 10.0, 1.0);
    w.input("intake.turbidity", "AIT-101", "NTU", 4_000.0, 5.0);
    w.input("intake.ph", "AIT-102", "pH", 14.0, 10.0);
    w.input("intake.temperature", "TT-101", "°C", 50.0, 60.0);
    w.output("intake.permit", "", 1.0, Column::RawPump);
    for letter in &LETTERS[..usize::from(shape.raw_pumps)] {
        w.drive(&format!("intake.pump_{letter}"), Column::RawPump);
    }
    w.motor_valve("intake.inlet");
    w.input("coagulation.tank_level", "LT-211", "%", 100.0, 10.0);
    w.input("coagulation.tank_low_low", "LSLL-211", "", 1.0, 0.5);
    w.doser("coagulation.doser", Column::Coagulant);
    w.motor("coagulation.mixer", Column::Positions);
    for tank in 1..=shape.tanks {
        w.input(&format!("tank{tank}.level"), "LT-203", "m", 2.5, 5.0);
        w.motor_valve(&format!("tank{tank}.inlet"));
        w.motor_valve(&format!("tank{tank}.outlet"));
        w.return_valve(&format!("tank{tank}.sludge"), Column::WastePump);
    }
    w.input("sedimentation.settled_turbidity", "AIT-203", "NTU", 100.0, 5.0);
    w.input("sedimentation.settled_level", "LT-206", "%", 100.0, 1.0);
    w.motor("sedimentation.sludge_pump", Column::WastePump);
    w.input("filtration.flow", "FIT-301", "m³/h", 10.0, 1.0);
    w.input("filtration.combined_turbidity", "AIT-330", "NTU", 20.0, 5.0);
    w.input("filtration.wash_flow", "FIT-351", "m³/h", 25.0, 0.5);
    w.input("filtration.air_pressure", "PT-352", "kPa", 60.0, 0.5);
    w.output("filtration.feed_permit", "", 1.0, Column::FeedPump);
    w.output("filtration.wash_permit", "", 1.0, Column::Wash);
    for letter in &LETTERS[..usize::from(shape.feed_pumps)] {
        w.drive(&format!("filtration.pump_{letter}"), Column::FeedPump);
    }
    w.drive("filtration.wash_pump", Column::Wash);
    if shape.blower {
        w.motor("filtration.blower", Column::Wash);
    }
    for filter in 1..=shape.filters {
        let turbidity = format!("AIT-3{filter}0");
        w.input(&format!("filter{filter}.flow"), "FIT-3n0", "m³/h", 5.0, 1.0);
        w.input(&format!("filter{filter}.turbidity"), &turbidity, "NTU", 20.0, 5.0);
        w.input(&format!("filter{filter}.head_loss"), "PDT-3n0", "kPa", 40.0, 1.0);
        w.motor_valve(&format!("filter{filter}.inlet"));
        w.return_valve(&format!("filter{filter}.outlet"), Column::FilterOutlet);
        w.return_valve(&format!("filter{filter}.wash_inlet"), Column::WashInlet);
        w.motor_valve(&format!("filter{filter}.waste"));
        w.motor_valve(&format!("filter{filter}.to_waste"));
        if shape.blower {
            w.return_valve(&format!("filter{filter}.air"), Column::WashInlet);
        }
        w.motor_valve(&format!("filter{filter}.drain"));
        let status = Kind::Status(Plain { span: None });
        w.row(format!("filter{filter}.state"), "", Form::States(&["Off", "Filtering"]), status);
    }
    w.input("disinfection.chlorine", "AIT-401", "mg/l", 5.0, 5.0);
    w.input("disinfection.ph", "AIT-402", "pH", 14.0, 10.0);
    w.input("disinfection.temperature", "TT-401", "°C", 50.0, 60.0);
    w.input("disinfection.outlet_chlorine", "AIT-403", "mg/l", 5.0, 5.0);
    w.input("disinfection.tank_level", "LT-411", "%", 100.0, 10.0);
    w.input("disinfection.tank_low_low", "LSLL-411", "", 1.0, 0.5);
    w.doser("disinfection.doser", Column::Hypochlorite);
    w.setting("disinfection.residual_target", number("mg/l"), 0.3, 2.0);
    w.setting("disinfection.stock", number("g/l"), 1.0, 50.0);
    w.setting("disinfection.proof_time", number("s"), 1.0, 600.0);
    w.setting("disinfection.trim", Form::OnOff, 0.0, 1.0);
    w.input("distribution.level_a", "LT-401A", "m", 2.2, 1.0);
    w.input("distribution.level_b", "LT-401B", "m", 2.2, 1.0);
    w.input("distribution.high_high", "LSHH-401", "", 1.0, 0.1);
    w.input("distribution.low_low", "LSLL-401", "", 1.0, 0.1);
    w.input("distribution.pressure", "PT-501", "kPa", 1_000.0, 0.5);
    w.input("distribution.flow", "FIT-501", "m³/h", 15.0, 1.0);
    if shape.elevated_tank {
        w.input("distribution.elevated_level", "LT-501", "m", 2.7, 30.0);
        w.input("distribution.elevated_high_high", "LSHH-501", "", 1.0, 30.0);
        w.input("distribution.village_flow", "FIT-502", "m³/h", 15.0, 30.0);
        w.motor_valve("distribution.outlet");
    }
    w.output("distribution.permit", "", 1.0, Column::LiftPump);
    for letter in &LETTERS[..usize::from(shape.lift_pumps)] {
        w.drive(&format!("distribution.pump_{letter}"), Column::LiftPump);
    }
    w.input("waste.level", "LT-601", "%", 100.0, 5.0);
    w.input("waste.high_high", "LSHH-601", "", 1.0, 0.1);
    w.motor("waste.pump", Column::WastePump);
    w.input("power.mains", "DI", "", 1.0, 0.1);
    w.input("power.voltage", "JI-901", "V", 300.0, 2.0);
    w.input("power.frequency", "JI-901", "Hz", 60.0, 2.0);
    w.input("power.power", "JI-901", "kW", 20.0, 2.0);
    w.input("power.energy", "JI-901", "kWh", 1e6, 2.0);
    w.input("power.on_mains", "UPS-902", "", 1.0, 1.0);
    w.input("power.battery", "UPS-902", "%", 100.0, 10.0);
    w.input("system.emergency_stop", "ES-900", "", 1.0, 0.1);
    w.input("system.remote", "HS-900", "", 1.0, 0.1);
    w.input("system.local_reset", "HS-901", "", 1.0, 0.1);
    w.input("system.supply_on", "K0-900", "", 1.0, 0.1);
    w.input("system.door", "ZS-900", "", 1.0, 0.5);
    w.input("system.cabinet_temperature", "TT-900", "°C", 80.0, 60.0);
    w.input("system.lateness", "", "s", 10.0, 1.0);
    if let Some(Row { kind: Kind::Input(words), .. }) = w.rows.last_mut() {
        words.source = Source::Shell;
    }
    w.output("system.supply", "", 1.0, Column::Supply);
    w.output("system.horn", "", 1.0, Column::Panel);
    w.output("system.heartbeat", "", 1.0, Column::Panel);
    Catalogue { rows: w.rows.into_boxed_slice(), inputs: w.inputs, outputs: w.outputs, alarms: 0 }
}
