//! Conversations with what is to be read of them, and how well a model read them. Whoever reads them, the simulated model
//! or a real one, is scored alike.

use domain::nationality;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use testkit::{Client, TestApp};

/// One conversation of the set.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The client's language, ISO 639-1.
    pub language: String,
    /// What was written.
    pub messages: Value,
    /// What is to be read.
    pub expected: Expected,
}

/// What is to be read of a conversation. What is not named is not to be read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Expected {
    /// The client's name.
    pub full_name: Option<String>,
    /// Their number in E.164.
    pub phone: Option<String>,
    /// Their nationality by its country's code, in lower case.
    pub nationality: Option<String>,
    /// The service that they want, by its code.
    pub practice: Option<String>,
    /// Their mood, where it is beyond doubt.
    pub sentiment: Option<String>,
}

/// How many answers are right, of how many, by field; and which are not.
#[derive(Debug, Default)]
pub struct Score {
    /// Right, and all, by field.
    pub fields: BTreeMap<&'static str, (usize, usize)>,
    /// Case, field, expected, read.
    pub wrong: Vec<(String, &'static str, Value, Value)>,
}

impl Score {
    fn note(&mut self, case: &Case, field: &'static str, expected: Value, read: Value) {
        let (right, all) = self.fields.entry(field).or_default();
        *all += 1;
        if expected == read {
            *right += 1;
        } else {
            self.wrong.push((case.id.clone(), field, expected, read));
        }
    }

    /// The share of right answers of a field.
    pub fn share(&self, field: &str) -> f64 {
        let (right, all) = self.fields.get(field).copied().unwrap_or_default();
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        if all == 0 { 0.0 } else { number(right) / number(all) }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, (right, all)) in &self.fields {
            writeln!(f, "{field}: {right} of {all}")?;
        }
        for (case, field, expected, read) in &self.wrong {
            writeln!(f, "{case}: {field} is {read}, expected {expected}")?;
        }
        Ok(())
    }
}

/// The set.
pub fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("extraction/conversations.json")).unwrap()
}

/// Has the tenant's model read a case, by saving it; answers the job.
pub async fn read(app: &TestApp, owner: &Client, case: &Case) -> Value {
    let body = json!({"user_email": format!("{}@example.com", case.id), "session_id": case.id, "messages": case.messages});
    let saved = owner.post("/conversations/save", body).await.expect(200);
    let path = format!("/conversations/jobs/{}", saved["crm"]["job_id"].as_str().unwrap());
    let job = owner.get(&path).await.expect(200);
    if job["status"] != "pending" {
        return job;
    }
    app.advance(jiff::SignedDuration::from_secs(10)).await;
    owner.get(&path).await.expect(200)
}

/// Has the tenant's model read all cases, and scores it.
pub async fn score(app: &TestApp, owner: &Client) -> Score {
    let mut score = Score::default();
    for case in cases() {
        let job = read(app, owner, &case).await;
        let (read, expected) = (&job["extraction"], &case.expected);
        let client = |field: &str| read["client"][field]["value"].clone();
        let practice = &read["practice"];
        // A service that the client's words do not carry is none.
        let is_wanted = practice["confidence"].as_f64().unwrap_or_default() > 0.0;
        let code = if is_wanted { practice["practice_type_code"].clone() } else { Value::Null };
        let country = client("nationality").as_str().and_then(nationality::key);
        score.note(&case, "full_name", json!(expected.full_name), client("full_name"));
        score.note(&case, "phone", json!(expected.phone), client("phone"));
        score.note(&case, "nationality", json!(expected.nationality), json!(country));
        score.note(&case, "practice", json!(expected.practice), code);
        if let Some(sentiment) = &expected.sentiment {
            score.note(&case, "sentiment", json!(sentiment), read["sentiment"].clone());
        }
    }
    score
}
