//! The arithmetic of churn: how large each change is among all changes, in standard deviations.
//!
//! All sums run from the first element to the last, in the order given, so that equal histories give equal bits.

/// How much source one commit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Source files changed.
    pub(crate) files: u64,
    /// Lines added and removed in them.
    pub(crate) lines: u64,
}

/// The churn of each commit: `(f / F) * (l / L)^2 * 1e6`, where `f` and `l` are the commit's files and lines and `F`
/// and `L` their sums over all commits. Zero where nothing was changed at all.
pub(crate) fn churn(sizes: &[Size]) -> Vec<f64> {
    let all_files: u64 = sizes.iter().map(|size| size.files).fold(0, u64::saturating_add);
    let all_lines: u64 = sizes.iter().map(|size| size.lines).fold(0, u64::saturating_add);
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    sizes
        .iter()
        .map(|size| {
            let lines = share(size.lines, all_lines);
            share(size.files, all_files) * lines * lines * 1_000_000.0
        })
        .collect()
}

/// Each value's distance from the mean in population standard deviations; `None` if the values do not vary.
pub(crate) fn z_scores(values: &[f64]) -> Option<Vec<f64>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(list: &[(u64, u64)]) -> Vec<Size> {
        list.iter().map(|&(files, lines)| Size { files, lines }).collect()
    }

    #[test]
    fn churn_weighs_files_once_and_lines_twice() {
        // F = 4, L = 10: (1/4)(2/10)^2 = 0.01 and (3/4)(8/10)^2 = 0.48, each times a million.
        let values = churn(&sizes(&[(1, 2), (3, 8)]));
        assert!((values[0] - 10_000.0).abs() < 1e-9, "{values:?}");
        assert!((values[1] - 480_000.0).abs() < 1e-9, "{values:?}");
    }

    #[test]
    fn commits_without_lines_have_no_churn() {
        assert_eq!(churn(&sizes(&[(1, 0), (2, 0)])), [0.0, 0.0]);
        assert_eq!(churn(&[]), [0.0; 0]);
    }

    #[test]
    fn z_scores_use_the_population_deviation() {
        // Mean 5, variance (9+1+1+1+0+0+4+16)/8 = 4, deviation 2.
        let scores = z_scores(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!(scores, [-1.5, -0.5, -0.5, -0.5, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn values_that_do_not_vary_have_no_scores() {
        assert_eq!(z_scores(&[]), None);
        assert_eq!(z_scores(&[3.0]), None);
        assert_eq!(z_scores(&[0.1, 0.1, 0.1]), None);
        // Too close together for their squares: no deviation to divide by.
        assert_eq!(z_scores(&[0.0, 1e-200]), None);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let values = churn(&sizes(&[(u64::MAX, u64::MAX), (u64::MAX, u64::MAX)]));
        assert!(values.iter().all(|value| value.is_finite()));
    }
}
