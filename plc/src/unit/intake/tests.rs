//! What the intake promises, told through `scan`: flow and speed, pumps that do nothing, and the river.

mod flow;
mod pumps;
mod river;
