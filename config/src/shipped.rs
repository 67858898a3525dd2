//! The sites that come with the controller.

/// The reference plant on the embedded twin: what runs without a site file.
pub const DEMO: &str = include_str!("../sites/demo.toml");
/// The same plant over Modbus TCP.
pub const BENCH: &str = include_str!("../sites/bench.toml");
/// A small plant on the embedded twin.
pub const YANGNEUA: &str = include_str!("../sites/yangneua.toml");

/// Name and text of each.
pub const ALL: [(&str, &str); 3] =
    [("sites/demo.toml", DEMO), ("sites/bench.toml", BENCH), ("sites/yangneua.toml", YANGNEUA)];
