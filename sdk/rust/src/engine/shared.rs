//! Values that all queries of a process share, one for each type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Result, failed};

type Slot = Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

/// The shared values. Making one locks its own slot only, so that others are not held up.
#[derive(Default)]
pub(crate) struct Shared(Mutex<HashMap<TypeId, Slot>>);

impl Shared {
    pub(crate) fn get<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let slot = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(TypeId::of::<T>())
            .or_default()
            .clone();
        // A maker that panicked left the slot empty, as if it had never been asked.
        let mut made = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match &*made {
            Some(value) => value.clone(),
            None => made.insert(Arc::new(make()?)).clone(),
        };
        value.downcast().map_err(|_| failed("a shared value has another type than its slot"))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
