//! Embeddings: each word of a text points somewhere, and a text where its words point together. Texts that share
//! words are near each other, on every machine alike.

use super::{Failure, ModelBehaviour, authenticate, fail, tokens, with_request_id};
use crate::Shared;
use crate::lies::SplitMix64;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

/// How many numbers a vector has unless fewer are asked for, as `text-embedding-3-small` has.
const NATIVE: u64 = 1536;

pub(super) async fn create_embedding(
    State(state): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let behaviour = state.behaviour();
    if behaviour == ModelBehaviour::Slow {
        state.be_slow().await;
    }
    match embed(behaviour, &headers, &bytes) {
        Ok(list) => with_request_id(Json(list).into_response()),
        Err(failure) => failure.into_response(),
    }
}

fn embed(behaviour: ModelBehaviour, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Failure> {
    authenticate(headers)?;
    let request: Value = serde_json::from_slice(bytes)
        .map_err(|_| Failure::bad_request("", None, "We could not parse the JSON body of your request."))?;
    let Some(model) = request["model"].as_str().filter(|model| !model.is_empty()) else {
        return Err(Failure::bad_request("", None, "you must provide a model parameter"));
    };
    let invalid = |param: &str, message: &str| Failure::bad_request(param, Some("invalid_value"), message);
    let inputs: Vec<&str> = match &request["input"] {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if inputs.is_empty() || inputs.len() > 2048 || inputs.iter().any(|text| text.is_empty()) {
        return Err(invalid("input", "Invalid 'input': 1 to 2048 texts that are not empty are expected."));
    }
    if request["encoding_format"].as_str().is_some_and(|format| format != "float") {
        return Err(invalid("encoding_format", "This stand-in answers 'float' only."));
    }
    let dimensions = match &request["dimensions"] {
        Value::Null => NATIVE,
        _ if !model.starts_with("text-embedding-3") => {
            return Err(invalid("dimensions", "This model does not support specifying dimensions."));
        }
        wanted => wanted
            .as_u64()
            .filter(|wanted| (1..=NATIVE).contains(wanted))
            .ok_or_else(|| invalid("dimensions", "Invalid 'dimensions': 1 to 1536 is expected."))?,
    };
    fail(behaviour)?;
    let read: usize = inputs.iter().map(|text| tokens(text)).sum();
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text, dimensions)}))
        .collect();
    Ok(json!({
        "object": "list",
        "data": data,
        // What the simulator invents says so.
        "model": "simulator",
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }))
}

/// The direction of a text, of length 1.
fn vector(text: &str, dimensions: u64) -> Vec<f64> {
    let mut sum = vec![0.0; usize::try_from(dimensions).unwrap_or_default()];
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut random = SplitMix64::of(word);
        for number in &mut sum {
            *number += random.unit() - 0.5;
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f64>().sqrt();
    if length > 0.0 {
        for number in &mut sum {
            *number /= length;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_share_words_are_near() {
        let near =
            |a: &str, b: &str| -> f64 { vector(a, 256).iter().zip(vector(b, 256)).map(|(a, b)| a * b).sum() };
        let asked = "a garden flat by the sea";
        assert!(near(asked, "Garden flat, sea view") > 0.4);
        assert!(near(asked, "the invoice of March").abs() < 0.4);
        assert!((near(asked, "A GARDEN flat by the sea!") - 1.0).abs() < 1e-9);
        assert_eq!(vector("...", 8), vec![0.0; 8]);
    }
}
