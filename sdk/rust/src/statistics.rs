//! Statistics over the values of a whole repository: how far each stands out from the rest.
//!
//! All sums run from the first element to the last, in the order given, so that equal lists give equal bits.

/// Each value's distance from the mean in population standard deviations: `(x - m) / s` with `m = (Σ x) / n` and
/// `s = sqrt((Σ (x - m)^2) / n)`, in the order of the values. `None` if the values do not vary, or there are none.
pub fn z_scores(values: &[f64]) -> Option<Vec<f64>> {
    // Equal values are recognised as such: a rounded mean would give them a tiny deviation to divide by.
    let first = values.first()?;
    if values.iter().all(|value| value == first) {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    (deviation > 0.0).then(|| values.iter().map(|value| (value - mean) / deviation).collect())
}

/// Each value's distance from the median in robust standard deviations: `(x - m) / (1.4826 d)`, where `m` is the median of the values and
/// `d` the median of `|x - m|`, in the order of the values; the median of an even number is the mean of the middle two. `None` if
/// more than half of the values are alike, or there are none.
///
/// The factor makes `d` the standard deviation of normally distributed values (Iglewicz and Hoaglin 1993).
pub fn robust_scores(values: &[f64]) -> Option<Vec<f64>> {
    let middle = median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let deviation = 1.4826 * median(&distances)?;
    (deviation > 0.0).then(|| values.iter().map(|value| (value - middle) / deviation).collect())
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted[sorted.len() / 2 - 1] + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_use_the_population_deviation() {
        // Mean 5, variance (9+1+1+1+0+0+4+16)/8 = 4, deviation 2.
        let scores = z_scores(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!(scores, [-1.5, -0.5, -0.5, -0.5, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn robust_scores_are_not_bent_by_a_giant() {
        // Median 3, distances 2 1 0 1 997, their median 1.
        let scores = robust_scores(&[1.0, 2.0, 3.0, 4.0, 1000.0]).unwrap();
        assert_eq!(scores, [-2.0, -1.0, 0.0, 1.0, 997.0].map(|distance| distance / 1.4826));
        // Median 2.5, distances 1.5 0.5 0.5 1.5, their median 1.
        assert_eq!(robust_scores(&[4.0, 1.0, 2.0, 3.0]).unwrap()[0], 1.5 / 1.4826);
        assert_eq!(robust_scores(&[1.0, 1.0, 1.0, 9.0]), None);
        assert_eq!(robust_scores(&[]), None);
    }

    #[test]
    fn scores_keep_the_order_of_the_values() {
        // Mean 2.5, variance (2.25 + 0.25 + 0.25 + 2.25) / 4 = 1.25.
        let scores = z_scores(&[4.0, 3.0, 2.0, 1.0]).unwrap();
        let deviation = 1.25_f64.sqrt();
        assert_eq!(scores, [1.5 / deviation, 0.5 / deviation, -0.5 / deviation, -1.5 / deviation]);
    }

    #[test]
    fn values_that_do_not_vary_have_no_scores() {
        assert_eq!(z_scores(&[]), None);
        assert_eq!(z_scores(&[3.0]), None);
        assert_eq!(z_scores(&[0.1, 0.1, 0.1]), None);
        // Too close together for their squares: no deviation to divide by.
        assert_eq!(z_scores(&[0.0, 1e-200]), None);
    }
}
