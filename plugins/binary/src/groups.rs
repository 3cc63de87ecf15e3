//! Blob ids in groups that a change of one file does not disturb.
//!
//! The ids are sorted and cut after those whose own bits say so. Where a cut falls depends on the id before it alone,
//! so another id joins or leaves one group and all others stay what they were, and so do the answers about them.

/// Ids end a group if the low bits of their last byte are zero: one in 64.
const CUT_MASK: u8 = 0b0011_1111;
/// No group is larger. Far above the mean, so that this cut, which does depend on the ids before it, is rare.
const LARGEST: usize = 512;

/// Sorts the ids, drops repetitions and cuts them into groups.
pub(crate) fn groups(mut ids: Vec<String>) -> Vec<Vec<String>> {
    ids.sort_unstable();
    ids.dedup();
    let mut groups = Vec::new();
    let mut group = Vec::new();
    for id in ids {
        let last = ends_group(&id);
        group.push(id);
        if last || group.len() == LARGEST {
            groups.push(std::mem::take(&mut group));
        }
    }
    if !group.is_empty() {
        groups.push(group);
    }
    groups
}

fn ends_group(id: &str) -> bool {
    // Ids are hexadecimal; one that is not ends no group and is refused by whoever reads the object.
    let last_byte = id.len().checked_sub(2).and_then(|at| id.get(at..));
    last_byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()).is_some_and(|byte| byte & CUT_MASK == 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Ids that look random: a multiplicative hash of their number.
    fn id(number: u64) -> String {
        let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{:016x}{:024x}", mixed, mixed.rotate_left(17) ^ (mixed >> 7))
    }

    #[test]
    fn groups_hold_each_id_once_in_order() {
        let ids: Vec<String> = (0..2_000).chain(0..10).map(id).collect();
        let joined: Vec<String> = groups(ids.clone()).concat();
        let expected: Vec<String> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        assert_eq!(joined, expected);
        assert!(groups(Vec::new()).is_empty());
    }

    #[test]
    fn one_more_blob_changes_one_group() {
        let before: BTreeSet<Vec<String>> = groups((0..2_000).map(id).collect()).into_iter().collect();
        assert!(before.len() > 10, "{}", before.len());
        for extra in 2_000..2_100 {
            let after = groups((0..2_000).chain([extra]).map(id).collect());
            let fresh = after.iter().filter(|group| !before.contains(*group)).count();
            // Two when the new id is itself the end of a group.
            assert!(fresh == 1 || (fresh == 2 && ends_group(&id(extra))), "{fresh} groups are new");
        }
    }

    #[test]
    fn no_group_grows_without_limit() {
        let ids = (0..2_000).map(|number| format!("{number:038x}01")).collect();
        assert!(groups(ids).iter().all(|group| group.len() <= LARGEST));
    }
}
