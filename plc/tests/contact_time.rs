//! Contact time against the published tables and worked examples, read out of `docs/spec/plant.md` itself, so that neither
//! the page nor the code can drift alone.

use plc::contact_time::{Contact, Logs, giardia_3_log, virus_log};
use plc::quantity::{
    Celsius, CubicMetres, CubicMetresPerHour, MilligramMinutesPerLitre, MilligramsPerLitre, Ph,
};

const PAGE: &str = include_str!("../../docs/spec/plant.md");

/// What the page says below a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let start = PAGE.find(heading).unwrap_or_else(|| panic!("{heading}"));
    let text = &PAGE[start + heading.len()..];
    text.find("\n### ").map_or(text, |end| &text[..end])
}

/// The number a cell begins with, past bold marks and signs such as "0.85 → inhibit" or "158 (10 °C row)".
fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim().trim_start_matches('*');
    let end = cell.find(|sign: char| !(sign.is_ascii_digit() || sign == '.'));
    cell[..end.unwrap_or(cell.len())].trim_end_matches('.').parse().ok()
}

/// Rows of a section's table that are numbers from end to end, `columns` of them.
fn rows(heading: &str, separator: char, columns: usize) -> Vec<Vec<f64>> {
    section(heading)
        .lines()
        .filter_map(|line| {
            let cells = line.trim_matches(separator).split(separator);
            let numbers: Option<Vec<f64>> = cells.take(columns).map(number).collect();
            numbers.filter(|numbers| numbers.len() == columns)
        })
        .collect()
}

/// Temperature, chlorine, pH, CT of each node of 8.1.
fn nodes() -> Vec<(f64, f64, f64, f64)> {
    let rows = rows("### 8.1 ", ';', 9);
    let acidities = [6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0];
    let node = |row: &Vec<f64>, at: usize| (row[0], row[1], acidities[at], row[2 + at]);
    rows.iter().flat_map(|row| (0..7).map(|at| node(row, at)).collect::<Vec<_>>()).collect()
}

fn giardia(temperature: f64, ph: f64, chlorine: f64) -> Option<f64> {
    giardia_3_log(Celsius(temperature), Ph(ph), MilligramsPerLitre(chlorine)).map(|ct| ct.0)
}

/// EPA's regression (`docs/spec/plant.md` 5.3, 2): never used for control, a check on the table.
fn regression(temperature: f64, ph: f64, chlorine: f64) -> f64 {
    let log = 3.0;
    if temperature < 12.5 {
        let power = 2.46 - 0.073 * temperature + 0.125 * chlorine + 0.389 * ph;
        0.353 * log * (12.006 + libm::exp(power))
    } else {
        let power = 2.69 - 0.065 * temperature + 0.111 * chlorine + 0.361 * ph;
        0.361 * log * (-2.261 + libm::exp(power))
    }
}

/// Within half a per cent (`docs/spec/plant.md` 5.5).
fn near(found: f64, stated: f64) -> bool {
    (found - stated).abs() <= 0.005 * stated
}

/// R-2.7.4-05: all 588 nodes of the published table, each at its own place.
#[test]
fn every_published_value_for_giardia_is_the_one_that_counts() {
    let nodes = nodes();
    assert_eq!(nodes.len(), 588);
    assert!(PAGE.contains("588 values, sum = 87545"));
    let sum: f64 = nodes.iter().map(|(.., ct)| ct).sum();
    assert!((sum - 87_545.0).abs() < 0.5, "{sum}");
    for (temperature, chlorine, ph, ct) in nodes {
        assert_eq!(giardia(temperature, ph, chlorine), Some(ct), "{temperature} {chlorine} {ph}");
    }
}

/// R-2.7.4-05: between nodes the colder row, the more alkaline column and the stronger chlorine count: no point of a cell
/// asks for less than its worst corner.
#[test]
fn between_the_published_values_the_worst_corner_counts() {
    let (a_little, half) = (1e-6, 0.499_999);
    for (temperature, chlorine, ph, ct) in nodes() {
        for (warmer, weaker, less_alkaline) in
            [(a_little, a_little, a_little), (4.4 * half, 0.2 * half, 0.5 * half)]
        {
            let found = giardia(temperature + warmer, ph - less_alkaline, chlorine - weaker);
            assert_eq!(found, Some(ct), "{temperature} {chlorine} {ph}");
        }
    }
    for (temperature, ph, chlorine) in [(0.499, 7.0, 1.0), (f64::NAN, 7.0, 1.0), (-5.0, 7.0, 1.0)] {
        assert_eq!(giardia(temperature, ph, chlorine), None);
    }
}

/// R-2.7.4-05: the spot values of 8.2, other logs in proportion.
#[test]
fn the_thirty_two_spot_values_hold() {
    let spots = rows("### 8.2 ", '|', 6);
    assert_eq!(spots.len(), 32);
    for (count, spot) in (1..).zip(&spots) {
        let [number, temperature, ph, chlorine, log, ct] = spot[..] else { panic!("{spot:?}") };
        assert!((number - f64::from(count)).abs() < 0.5, "{spot:?}");
        let found = giardia(temperature, ph, chlorine).unwrap() * log / 3.0;
        assert!((found - ct).abs() < 0.05, "spot {count}: {found} for {ct}");
    }
}

/// R-2.7.4-05: viruses at each published point; where two logs share a CT the higher is reached there.
#[test]
fn every_published_value_for_viruses_is_reached_at_its_ct_and_not_before() {
    let rows = rows("### 5.4 ", '|', 4);
    assert_eq!(rows.len(), 6);
    for row in rows {
        let reached = |ct: f64| virus_log(Celsius(row[0]), MilligramMinutesPerLitre(ct));
        for (log, ct) in [(2.0, row[1]), (3.0, row[2]), (4.0, row[3])] {
            let shared = (1..4).rev().find(|at| row[*at] <= ct).unwrap();
            let log_there = [2.0, 3.0, 4.0][shared - 1];
            assert!((reached(ct) - log_there).abs() < 1e-9, "{log} log at {} °C", row[0]);
            assert!(reached(ct - 1e-6) < log, "{log} log at {} °C", row[0]);
        }
        assert!((reached(row[1] / 2.0) - 1.0).abs() < 1e-9, "proportional below 2 log");
        assert!((reached(row[3] * 2.0) - 8.0).abs() < 1e-9, "proportional beyond 4 log");
        let warmer = virus_log(Celsius(row[0] + 4.0), MilligramMinutesPerLitre(row[3]));
        assert!((warmer - 4.0).abs() < 1e-9, "temperature is rounded down");
    }
}

/// R-2.7.4-05: T10, CT, Giardia and the ratio of every worked example of 5.5, within half a per cent.
#[test]
fn the_worked_examples_come_out() {
    let examples = rows("### 5.5 ", '|', 12);
    assert_eq!(examples.len(), 6);
    for row in examples {
        let [
            volume,
            flow,
            baffling,
            chlorine,
            temperature,
            ph,
            minutes,
            ct,
            table,
            formula,
            log,
            ratio,
        ] = row[..]
        else {
            panic!("{row:?}")
        };
        let contact = Contact {
            volume: CubicMetres(volume),
            flow: CubicMetresPerHour(flow),
            baffling,
            chlorine: MilligramsPerLitre(chlorine),
            temperature: Celsius(temperature),
            ph: Ph(ph),
            giardia_required: 0.5,
            virus_required: 2.0,
            beyond: Logs::default(),
        };
        let found = contact.inactivation();
        assert!(near(found.minutes, minutes) && near(found.ct.0, ct), "{row:?}: {found:?}");
        assert!(near(found.giardia_log, log) && near(found.ratio, ratio), "{row:?}: {found:?}");
        assert!(found.virus_log >= 14.0, "{row:?}: {found:?}");
        assert_eq!(giardia(temperature, ph, chlorine), Some(table));
        assert!(near(regression(temperature, ph, chlorine), formula), "{row:?}");
        let needed = contact.volume_needed().unwrap().0;
        assert!(near(Contact { volume: CubicMetres(needed), ..contact }.inactivation().ratio, 1.0));
    }
}

/// R-2.7.4-05: another way to the same figures, so that a slip in the table would show.
#[test]
fn the_regression_never_asks_for_less_than_the_table_and_not_for_much_more() {
    let line = section("### 5.5 ").lines().find(|line| line.starts_with("Regression spot values"));
    let spots: Vec<Vec<f64>> = line
        .unwrap()
        .split('(')
        .skip(2)
        .map(|spot| spot.split([',', ')', ';']).filter_map(number).collect())
        .collect();
    assert_eq!(spots.len(), 10);
    for spot in spots {
        let [temperature, ph, chlorine, ct] = spot[..] else { panic!("{spot:?}") };
        assert!((regression(temperature, ph, chlorine) - ct).abs() < 0.006, "{spot:?}");
    }
    let over: Vec<f64> = nodes()
        .iter()
        .map(|(temperature, chlorine, ph, ct)| regression(*temperature, *ph, *chlorine) / ct - 1.0)
        .collect();
    assert!(section("### 5.3 ").contains("error +0.0 % … +17.4 %, mean +7.1 %"));
    let mean = over.iter().sum::<f64>() / 588.0;
    let most = over.iter().copied().max_by(f64::total_cmp).unwrap();
    assert!(over.iter().all(|over| *over >= 0.0), "{over:?}");
    assert!((most - 0.174).abs() < 0.001 && (mean - 0.071).abs() < 0.001, "{most} {mean}");
}
