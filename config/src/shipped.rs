//! The sites that come with the controller.

/// The reference plant on the embedded twin: what runs without a site file.
pub const DEMO: &str = include_str!("../sites/demo.toml");
/// The same plant over Modbus TCP.
pub const BENCH: &str = include_str!("../sites/bench.toml");
/// A small plant on the embedded twin.
pub const YANGNEUA: &str = include_str!("../sites/yangneua.toml");
/// A lowland village with three filters and no elevated tank, over Modbus TCP.
pub const SESNOK: &str = include_str!("../sites/sesnok.toml");
/// A mountain village with plain tanks in batches, over Modbus TCP.
pub const HOMSANG: &str = include_str!("../sites/homsang.toml");

/// Name and text of each.
pub const ALL: [(&str, &str); 5] = [
    ("sites/demo.toml", DEMO),
    ("sites/bench.toml", BENCH),
    ("sites/yangneua.toml", YANGNEUA),
    ("sites/sesnok.toml", SESNOK),
    ("sites/homsang.toml", HOMSANG),
];
