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

/// What a plant writes for the Modbus node that stands for a Raspberry Pi's header in a shipped site.
pub const HEADER: &str = "[bus.header]
protocol = \"gpio\"

[device.header]
profile = \"header\"
bus = \"header\"
";

/// A shipped site with these sections in place of its `[bus.header]` and `[device.header]`.
#[must_use]
pub fn on_header(site: &str, header: &str) -> String {
    let mut text = String::new();
    let mut is_node = false;
    for line in site.lines() {
        if line.starts_with('[') {
            is_node = line == "[bus.header]" || line == "[device.header]";
        }
        if !is_node {
            text += line;
            text += "\n";
        }
    }
    text + header
}
