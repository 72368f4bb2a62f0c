//! The answer to a batch of records.

use serde::Serialize;

/// Says which records come again (`ReportBatchItemFailures`). An identifier is never empty: one that is would
/// have the whole batch come again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

/// A record that failed has no identifier, so that only the whole batch can come again.
#[derive(Debug, thiserror::Error)]
#[error("a record that failed has no identifier")]
pub(crate) struct Nameless;

impl Answer {
    /// The answer for these records that failed.
    pub(crate) fn of(failed: impl IntoIterator<Item = Option<String>>) -> Result<Self, Nameless> {
        let failed = failed.into_iter().map(|id| {
            let item_identifier = id.filter(|id| !id.is_empty()).ok_or(Nameless)?;
            Ok(Failed { item_identifier })
        });
        Ok(Self { batch_item_failures: failed.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_what_failed_and_nothing_else() {
        let json = |failed: &[&str]| {
            let failed = failed.iter().map(|id| Some((*id).to_owned()));
            serde_json::to_string(&Answer::of(failed).unwrap()).unwrap()
        };
        assert_eq!(json(&[]), r#"{"batchItemFailures":[]}"#);
        assert_eq!(json(&["m1"]), r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
    }

    #[test]
    fn a_failed_record_without_identifier_fails_the_batch() {
        for nameless in [None, Some(String::new())] {
            assert!(Answer::of([Some("m1".to_owned()), nameless]).is_err());
        }
    }
}
