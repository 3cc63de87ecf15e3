//! The arithmetic of churn: how large each change is among all changes.

use crate::sizes::Size;

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

/// `ln(1 + f * l^2)`, which grows with a commit's churn whatever the other commits are.
pub(crate) fn logarithm(size: Size) -> f64 {
    libm::log1p(size.weight() as f64)
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
    fn huge_numbers_do_not_overflow() {
        let values = churn(&sizes(&[(u64::MAX, u64::MAX), (u64::MAX, u64::MAX)]));
        assert!(values.iter().all(|value| value.is_finite()));
    }
}
