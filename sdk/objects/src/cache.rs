//! A map that forgets what was used longest ago once it holds too many bytes.

use clru::{CLruCache, CLruCacheConfig, WeightScale};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;

/// What each entry costs besides its own bytes: key, list links and hash slot.
const ENTRY_BYTES: usize = 160;

/// A least-recently-used map, bounded by the bytes of its values as told by the caller.
pub struct Bounded<K, V>(CLruCache<K, (V, usize), std::hash::RandomState, Weight>);

struct Weight;

impl<K, V> WeightScale<K, (V, usize)> for Weight {
    fn weight(&self, _key: &K, value: &(V, usize)) -> usize {
        value.1 + ENTRY_BYTES
    }
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    /// A map that holds at most `bytes`.
    pub fn new(bytes: usize) -> Self {
        let bytes = NonZeroUsize::new(bytes).unwrap_or(NonZeroUsize::MIN);
        Self(CLruCache::with_config(CLruCacheConfig::new(bytes).with_scale(Weight)))
    }

    /// The value of `key`, which thereby becomes the one used last.
    pub fn get(&mut self, key: &K) -> Option<V> {
        self.0.get(key).map(|(value, _)| value.clone())
    }

    /// Keeps `value`, of `bytes` bytes. One that alone would take a quarter of the room is not kept.
    pub fn put(&mut self, key: K, value: V, bytes: usize) {
        if bytes < self.0.capacity() / 4 {
            // An entry that does not fit is handed back, and is then simply not kept.
            let _ = self.0.put_with_weight(key, (value, bytes));
        }
    }
}

impl<K, V> fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_values_make_room() {
        let mut cache = Bounded::new(10 * (1100 + ENTRY_BYTES));
        for key in 0..10 {
            cache.put(key, key, 1000);
        }
        assert_eq!(cache.get(&0), Some(0));
        cache.put(10, 10, 1500);
        let kept: Vec<i32> = (0..=10).filter(|key| cache.get(key).is_some()).collect();
        assert_eq!(kept, [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        cache.put(11, 11, 5000);
        assert_eq!(cache.get(&11), None, "a value so large would push out too many others");
    }
}
