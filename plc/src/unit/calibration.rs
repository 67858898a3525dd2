//! When each instrument, and each dosing pump, is due for its test against a known value (`docs/spec/plant.md` R-2.13-02).
//!
//! A face a unit: time left, by instrument, which the plant counts down (`plant/calibration.rs`). `turbidity_left` is of the
//! unit's input `turbidity`; `drawdown_left` is of its dosing pumps, with the measuring cylinder.

use core::time::Duration;

use crate::declare::{kept, retained, shown, status};
use crate::quantity::{Count, Ratio};
use crate::tag::Check;

retained! {
    /// Of the raw water.
    pub struct Intake {
        /// LT-101, time left until its test is due.
        pub river_level_left: Duration = kept().due(Check::Level, 6.0),
        /// LT-102, time left until its test is due.
        pub wet_well_level_left: Duration = kept().due(Check::Level, 4.0),
        /// AIT-101, time left until its test is due.
        pub turbidity_left: Duration = kept().due(Check::Turbidity, 4000.0),
        /// AIT-102, time left until its test is due.
        pub ph_left: Duration = kept().due(Check::Ph, 14.0),
    }
}

retained! {
    /// Of the coagulant.
    pub struct Coagulation {
        /// LT-211, time left until its test is due.
        pub tank_level_left: Duration = kept().due(Check::Level, 100.0),
        /// P-211, time left until its draw-down test is due.
        pub drawdown_left: Duration = kept().due(Check::DrawDown, DRAW_DOWN_MAX),
    }
}

retained! {
    /// Of a sedimentation tank.
    pub struct Tank {
        /// LT-203x, time left until its test is due.
        pub level_left: Duration = kept().due(Check::Level, 2.5),
    }
}

retained! {
    /// Of the settled water.
    pub struct Sedimentation {
        /// AIT-203, time left until its test is due.
        pub settled_turbidity_left: Duration = kept().due(Check::Turbidity, 100.0),
        /// LT-206, time left until its test is due.
        pub settled_level_left: Duration = kept().due(Check::Level, 100.0),
    }
}

retained! {
    /// Of the combined filtered water.
    pub struct Filtration {
        /// AIT-330, time left until its test is due.
        pub combined_turbidity_left: Duration = kept().due(Check::Turbidity, 20.0),
    }
}

retained! {
    /// Of a filter.
    pub struct Filter {
        /// AIT-3n0, time left until its test is due.
        pub turbidity_left: Duration = kept().due(Check::Turbidity, 20.0),
    }
}

retained! {
    /// Of disinfection.
    pub struct Disinfection {
        /// AIT-401, time left until its test is due.
        pub chlorine_left: Duration = kept().due(Check::Chlorine, 5.0),
        /// AIT-403, time left until its test is due.
        pub outlet_chlorine_left: Duration = kept().due(Check::Chlorine, 5.0),
        /// AIT-402, time left until its test is due.
        pub ph_left: Duration = kept().due(Check::Ph, 14.0),
        /// LT-411, time left until its test is due.
        pub tank_level_left: Duration = kept().due(Check::Level, 100.0),
        /// P-411, time left until its draw-down test is due.
        pub drawdown_left: Duration = kept().due(Check::DrawDown, DRAW_DOWN_MAX),
    }
}

retained! {
    /// Of clear well and elevated tank.
    pub struct Distribution {
        /// LT-401A, time left until its test is due.
        pub level_a_left: Duration = kept().due(Check::Level, 2.2),
        /// LT-401B, time left until its test is due.
        pub level_b_left: Duration = kept().due(Check::Level, 2.2),
        /// LT-501, time left until its test is due.
        pub elevated_level_left: Duration = kept().due(Check::Level, 2.7),
    }
}

retained! {
    /// Of the waste tank.
    pub struct Waste {
        /// LT-601, time left until its test is due.
        pub level_left: Duration = kept().due(Check::Level, 100.0),
    }
}

retained! {
    /// Of the river upstream.
    pub struct Hydrology {
        /// LT-701, time left until its test is due.
        pub river_level_left: Duration = kept().due(Check::Level, 10.0),
    }
}

/// Flow of a draw-down test, ml/min: the largest that a dosing pump has is 167 (`docs/spec/plant.md` 1.3: 10 l/h).
const DRAW_DOWN_MAX: f64 = 200.0;

retained! {
    /// The record that was made last; the journal has every one, with its person.
    pub struct Record {
        /// What was tested: check sum of its path, 0: nothing yet. A number of a row would be another's after an upgrade.
        pub path_sum: Count = kept().within(0.0..=4_294_967_295.0),
        /// The known value: buffer, standard, dip stick, cylinder; in the instrument's unit.
        pub reference: Ratio = kept().within(0.0..=5000.0),
        /// What it showed before it was adjusted.
        pub before: Ratio = kept().within(-100.0..=5000.0),
        /// What it showed after.
        pub after: Ratio = kept().within(-100.0..=5000.0),
    }
}

status! {
    /// Which points the records are about.
    pub struct Shown {
        /// Row of the time left of what was tested last; 0: nothing.
        pub tested: Count = shown(),
        /// Row of the time left of the first test that is overdue; 0: none.
        pub overdue: Count = shown(),
    }
}

/// What the whole plant knows of its tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records {
    pub record: Record,
    pub shown: Shown,
}
crate::declare::parts! { Records { record, shown; one: ; many: ; maybe: ; } }
