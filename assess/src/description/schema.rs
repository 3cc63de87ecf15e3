//! Schemas as plugins wrote them. A check holds those of all queries of all its plugins, and reads those of its analyses' answers.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON Schema that is not read before somebody needs it.
#[derive(Debug, Clone)]
pub struct Schema(Arc<RawValue>);

impl Schema {
    /// What it says. What is nested too deeply to be read says nothing.
    pub fn read(&self) -> Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl From<Value> for Schema {
    fn from(schema: Value) -> Self {
        let text = RawValue::from_string(schema.to_string());
        Schema(text.expect("what is written of a value is JSON").into())
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|text| Schema(text.into()))
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_read_as_it_was_written() {
        let schema: Schema = serde_json::from_str(r#"{ "type": "array", "items": true }"#).unwrap();
        assert_eq!(schema.read(), json!({ "type": "array", "items": true }));
        assert_eq!(json!({ "output": schema }), json!({ "output": { "type": "array", "items": true } }));
        let deep: Schema =
            serde_json::from_str(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))).unwrap();
        assert_eq!(deep.read(), Value::Null);
    }
}
