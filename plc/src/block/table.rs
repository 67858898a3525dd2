//! Look-up tables.

/// Linear between points of rising `x`; flat beyond the ends. NaN yields the last point.
#[must_use]
pub fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x <= x0 {
            return y0;
        }
        if x <= x1 {
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
        }
    }
    points.last().map_or(0.0, |last| last.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_linear_between_its_points_and_flat_beyond_them() {
        let table = [(1.0, 10.0), (2.0, 20.0), (4.0, 0.0)];
        for (x, y) in [(0.0, 10.0), (1.0, 10.0), (1.5, 15.0), (2.0, 20.0), (3.0, 10.0), (9.0, 0.0)]
        {
            assert_eq!(interpolate(&table, x), y, "at {x}");
        }
    }
}
