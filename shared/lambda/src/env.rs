//! The one place where a function's environment is read.

use crate::telemetry::Level;
use aws_sdk_dynamodb::config::Credentials;
use std::collections::BTreeMap;
use std::fmt;

/// A variable that a function reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Who sets it.
    pub set_by: SetBy,
    /// Whether a function that reads it does not start without it.
    pub required: bool,
}

/// Who sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The Lambda service, for every function; a template cannot set it.
    Lambda,
    /// The template, for every function.
    Template,
    /// The template, for the functions that send to queues: `outbox-relay` and `tick`.
    SenderTemplate,
    /// An emulator of AWS. Never set in the cloud.
    Emulator,
}

/// Every variable that a function reads. The runtime itself also reads its `AWS_LAMBDA_*`.
pub const KEYS: [Variable; 11] = [
    variable("AWS_REGION", SetBy::Lambda, true),
    variable("AWS_ACCESS_KEY_ID", SetBy::Lambda, true),
    variable("AWS_SECRET_ACCESS_KEY", SetBy::Lambda, true),
    variable("AWS_SESSION_TOKEN", SetBy::Lambda, false),
    variable("AWS_LAMBDA_FUNCTION_NAME", SetBy::Lambda, true),
    variable("TABLE_NAME", SetBy::Template, true),
    variable("KMS_KEY_ID", SetBy::Template, true),
    variable("FILES_BUCKET", SetBy::Template, true),
    variable("LOG_LEVEL", SetBy::Template, false),
    variable("QUEUE_URLS", SetBy::SenderTemplate, true),
    variable("AWS_ENDPOINT_URL", SetBy::Emulator, false),
];

const fn variable(name: &'static str, set_by: SetBy, required: bool) -> Variable {
    Variable { name, set_by, required }
}

/// What a function finds around it.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The function's name (`AWS_LAMBDA_FUNCTION_NAME`), under which it logs.
    pub service: String,
    /// The table's name.
    pub table: String,
    /// The key that wraps the tenants' data keys: id, alias or ARN.
    pub kms_key: String,
    /// The bucket of what is too large for the table.
    pub files_bucket: String,
    /// The region.
    pub region: String,
    /// Who the function is.
    pub credentials: Credentials,
    /// Another address for every AWS service than its own.
    pub endpoint: Option<String>,
    /// From which level on events are logged; `info` if not given.
    pub level: Level,
    /// The queue of each kind of job, by the job's name. Empty in a function that sends to no queue.
    pub queue_urls: BTreeMap<String, String>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentError {
    /// Each names its variable; none shows a value.
    pub problems: Vec<String>,
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment is not usable: {}", self.problems.join("; "))
    }
}

impl std::error::Error for EnvironmentError {}

impl Environment {
    /// The environment of this process. `QUEUE_URLS` is read, and then required, only for a function that
    /// sends to queues.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process(sends: bool) -> Result<Self, EnvironmentError> {
        Self::read(sends, |name| std::env::var(name).ok())
    }

    /// The environment that `lookup` answers from. An empty value counts as none.
    pub fn read(sends: bool, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let mut reader = Reader { lookup, problems: Vec::new() };
        let environment = Self {
            service: reader.required("AWS_LAMBDA_FUNCTION_NAME"),
            table: reader.required("TABLE_NAME"),
            kms_key: reader.required("KMS_KEY_ID"),
            files_bucket: reader.required("FILES_BUCKET"),
            region: reader.required("AWS_REGION"),
            credentials: Credentials::new(
                reader.required("AWS_ACCESS_KEY_ID"),
                reader.required("AWS_SECRET_ACCESS_KEY"),
                reader.optional("AWS_SESSION_TOKEN"),
                None,
                "environment",
            ),
            endpoint: reader.optional("AWS_ENDPOINT_URL"),
            level: reader.level(),
            queue_urls: if sends { reader.queue_urls() } else { BTreeMap::new() },
        };
        if reader.problems.is_empty() {
            Ok(environment)
        } else {
            Err(EnvironmentError { problems: reader.problems })
        }
    }
}

struct Reader<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is not set"));
            String::new()
        })
    }

    fn level(&mut self) -> Level {
        let Some(text) = self.optional("LOG_LEVEL") else {
            return Level::INFO;
        };
        // A release holds nothing below info.
        text.parse().ok().filter(|level| *level <= Level::INFO).unwrap_or_else(|| {
            self.problems.push("LOG_LEVEL is none of error, warn, info".to_owned());
            Level::INFO
        })
    }

    fn queue_urls(&mut self) -> BTreeMap<String, String> {
        let text = self.required("QUEUE_URLS");
        if text.is_empty() {
            return BTreeMap::new();
        }
        serde_json::from_str(&text).unwrap_or_else(|_| {
            self.problems.push("QUEUE_URLS is not a JSON object of job name and queue URL".to_owned());
            BTreeMap::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    fn value(name: &str) -> String {
        match name {
            "QUEUE_URLS" => r#"{"DialCall":"https://sqs.test/1/dial"}"#,
            "LOG_LEVEL" => "warn",
            "AWS_SECRET_ACCESS_KEY" => "very-secret",
            other => other,
        }
        .to_owned()
    }

    #[test]
    fn every_variable_that_is_read_is_listed() {
        let asked = RefCell::new(BTreeSet::new());
        let lookup = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            Some(value(name))
        };
        Environment::read(true, lookup).unwrap();
        let listed: BTreeSet<_> = KEYS.iter().map(|key| key.name.to_owned()).collect();
        assert_eq!(*asked.borrow(), listed);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let lookup = |name: &str| match name {
            "LOG_LEVEL" => Some("loud".to_owned()),
            "QUEUE_URLS" => Some("[1]".to_owned()),
            _ => None,
        };
        let text = Environment::read(true, lookup).unwrap_err().to_string();
        for key in KEYS {
            let named = key.required || ["LOG_LEVEL", "QUEUE_URLS"].contains(&key.name);
            assert_eq!(text.contains(key.name), named, "{} in {text}", key.name);
        }
        assert!(!text.contains("loud") && !text.contains("[1]"), "{text}");
    }

    #[test]
    fn what_is_optional_may_be_missing_or_empty() {
        for absent in [None, Some(String::new())] {
            let lookup = |name: &str| match KEYS.iter().find(|key| key.name == name) {
                Some(key) if key.required && key.set_by != SetBy::SenderTemplate => Some(value(name)),
                _ => absent.clone(),
            };
            let environment = Environment::read(false, lookup).unwrap();
            assert_eq!((environment.level, environment.endpoint), (Level::INFO, None), "{absent:?}");
            assert_eq!(environment.credentials.session_token(), None);
            assert!(Environment::read(true, lookup).is_err());
        }
    }

    #[test]
    fn values_arrive_typed_and_secrets_do_not_print() {
        let environment = Environment::read(true, |name| Some(value(name))).unwrap();
        assert_eq!(environment.level, Level::WARN);
        assert_eq!(environment.queue_urls["DialCall"], "https://sqs.test/1/dial");
        assert_eq!(environment.credentials.secret_access_key(), "very-secret");
        assert!(!format!("{environment:?}").contains("very-secret"));
        assert!(Environment::read(false, |name| Some(value(name))).unwrap().queue_urls.is_empty());
    }
}
