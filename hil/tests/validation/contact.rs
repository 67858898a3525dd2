//! Giardia's CT by the regression the twin judges with, against the table of `plant.md` 8.1.

use hil::model::inactivation::giardia_ct;

const SPEC: &str = include_str!("../../../docs/spec/plant.md");

/// V-6.15-10: VC-10, the 588 published values. The table is the plant's; the twin's regression never lies below one by
/// more than rounding, and nowhere above it by more than `plant.md` 5.5 says.
#[test]
fn the_regression_stays_at_or_above_the_published_table() {
    let rows = SPEC.lines().skip_while(|line| !line.starts_with("T_C;Cl2;6.0")).skip(1);
    let (mut count, mut sum, mut low, mut high) = (0, 0.0, f64::INFINITY, 0.0_f64);
    for row in rows.take_while(|line| !line.starts_with("```")) {
        let values: Vec<f64> = row.split(';').map(|field| field.parse().unwrap()).collect();
        for (step, published) in values[2..].iter().enumerate() {
            let ph = 6.0 + 0.5 * step as f64;
            let share = 3.0 * giardia_ct(values[0], ph, values[1]) / published;
            (low, high) = (low.min(share), high.max(share));
            count += 1;
            sum += published;
        }
    }
    assert_eq!((count, sum), (588, 87_545.0));
    println!("regression over table: {low:.3} to {high:.3}");
    assert!(low > 0.98 && high < 1.18, "{low} to {high}");
}
