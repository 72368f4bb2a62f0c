//! infra/template.yaml and the code, held to each other both ways.

mod alarms;
mod grants;
mod jobs;
pub(crate) mod routes;

use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use testkit::Database;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The template. Intrinsic functions are tagged values; [`target`] says what one names.
struct Template(Value);

/// A function of the template.
struct Function<'a> {
    /// Its folder.
    name: String,
    id: &'a str,
    properties: &'a Value,
    globals: &'a Value,
}

/// What sets a function off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Http,
    Jobs,
    Stream,
    Schedule,
    /// A person.
    Hand,
}

impl Template {
    fn read() -> Self {
        let text = fs::read_to_string(format!("{ROOT}/infra/template.yaml")).unwrap();
        Self(serde_yaml_ng::from_str(&text).unwrap())
    }

    /// The resources of this type, their properties by their id.
    fn of_type(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"]))
            .collect()
    }

    /// The properties of this resource, which is of this type.
    fn resource(&self, kind: &str, id: &str) -> &Value {
        let resource = &self.0["Resources"][id];
        assert_eq!(resource["Type"], kind, "{id}");
        &resource["Properties"]
    }

    /// Every function, in the order of their folders' names.
    fn functions(&self) -> Vec<Function<'_>> {
        let globals = &self.0["Globals"]["Function"];
        let mut functions: Vec<_> = self
            .of_type("AWS::Serverless::Function")
            .into_iter()
            .map(|(id, properties)| {
                let code = properties["CodeUri"].as_str().unwrap();
                let name = code.strip_prefix("../target/lambda/").and_then(|rest| rest.strip_suffix('/'));
                Function { name: name.unwrap().to_owned(), id, properties, globals }
            })
            .collect();
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        functions
    }
}

impl Function<'_> {
    /// A setting of its own, or the one of all functions.
    fn setting(&self, key: &str) -> &Value {
        let own = &self.properties[key];
        if own.is_null() { &self.globals[key] } else { own }
    }

    fn timeout(&self) -> u64 {
        self.setting("Timeout").as_u64().unwrap()
    }

    /// Type and properties of each of its events.
    fn events(&self) -> Vec<(&str, &Value)> {
        let events = self.properties["Events"].as_mapping().into_iter().flat_map(|events| events.values());
        events.map(|event| (event["Type"].as_str().unwrap(), &event["Properties"])).collect()
    }

    /// The only event of a function that is not behind the API.
    fn only_event(&self, kind: &str) -> &Value {
        let events = self.events();
        assert_eq!(events.len(), 1, "{}", self.name);
        assert_eq!(events[0].0, kind, "{}", self.name);
        events[0].1
    }

    /// What its code serves.
    fn trigger(&self) -> Trigger {
        let main = fs::read_to_string(format!("{ROOT}/functions/{}/src/main.rs", self.name)).unwrap();
        let served = [
            ("serve_http", Trigger::Http),
            ("serve_http_without_table", Trigger::Http),
            ("serve_sqs", Trigger::Jobs),
            ("serve_stream", Trigger::Stream),
            ("serve_tick", Trigger::Schedule),
            ("serve_invoked", Trigger::Hand),
        ];
        let mut found = served.into_iter().filter(|(serve, _)| main.contains(&format!("lambda::{serve}(")));
        let (_, trigger) = found.next().unwrap();
        assert!(found.next().is_none(), "{}", self.name);
        trigger
    }
}

/// What a value says, or names: `Table.Arn` of `!GetAtt Table.Arn`, the pattern of a `!Sub`.
fn target(value: &Value) -> &str {
    let value = if let Value::Tagged(tagged) = value { &tagged.value } else { value };
    value.as_str().unwrap_or_else(|| panic!("{value:?} is no text"))
}

/// One value or a list of them.
fn each(value: &Value) -> Vec<&Value> {
    value.as_sequence().map_or_else(|| vec![value], |list| list.iter().collect())
}

fn targets(value: &Value) -> Vec<&str> {
    each(value).into_iter().map(target).collect()
}

fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(format!("{ROOT}/functions")).unwrap().map(Result::unwrap);
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// `agent-create` as the template spells it: `AgentCreate`.
fn pascal(name: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalised).collect()
}

#[test]
fn every_folder_is_a_function_and_every_function_has_its_folder() {
    let template = Template::read();
    let functions = template.functions();
    let names: BTreeSet<_> = functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(names, folders());
    assert_eq!(names.len(), functions.len());
    for function in &functions {
        assert_eq!(function.id, format!("{}Function", pascal(&function.name)));
        // A name of our own would keep two stacks out of one account.
        assert!(function.setting("FunctionName").is_null(), "{}", function.name);
    }
}

#[test]
fn every_function_runs_what_cargo_lambda_builds() {
    for function in Template::read().functions() {
        assert_eq!(function.setting("Runtime"), "provided.al2023", "{}", function.name);
        assert_eq!(targets(function.setting("Architectures")), ["arm64"], "{}", function.name);
        assert_eq!(function.setting("Handler"), "bootstrap", "{}", function.name);
        assert!(function.setting("MemorySize").as_u64().unwrap() >= 128, "{}", function.name);
    }
}

#[test]
fn every_function_is_set_off_by_what_its_code_serves() {
    for function in Template::read().functions() {
        let expected = match function.trigger() {
            Trigger::Http => "HttpApi",
            Trigger::Jobs => "SQS",
            Trigger::Stream => "DynamoDB",
            Trigger::Schedule => "ScheduleV2",
            Trigger::Hand => {
                assert!(function.events().is_empty(), "{}", function.name);
                continue;
            }
        };
        let events = function.events();
        assert!(!events.is_empty(), "{}", function.name);
        for (kind, _) in events {
            assert_eq!(kind, expected, "{}", function.name);
        }
    }
}

#[test]
fn every_function_has_logs_of_its_own_that_end() {
    let template = Template::read();
    let mut logs: BTreeSet<_> = template.of_type("AWS::Logs::LogGroup").into_keys().collect();
    for function in template.functions() {
        let id = target(&function.properties["LoggingConfig"]["LogGroup"]);
        assert_eq!(id, format!("{}Logs", pascal(&function.name)));
        let group = template.resource("AWS::Logs::LogGroup", id);
        assert_eq!(target(&group["LogGroupName"]), format!("/${{AWS::StackName}}/{}", function.name));
        assert!(logs.remove(id));
    }
    assert_eq!(Vec::from_iter(logs), ["ApiLogs"]);
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        assert_eq!(target(&group["RetentionInDays"]), "LogRetentionDays", "{id}");
    }
}

#[tokio::test]
async fn the_table_is_the_one_that_the_store_makes() {
    let database = Database::start().await;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(database.credentials())
        .http_client(database.http())
        .endpoint_url(database.endpoint())
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let table = client.describe_table().table_name("frontdesk").send().await.unwrap().table.unwrap();
    let expiry = client.describe_time_to_live().table_name("frontdesk").send().await.unwrap();

    let template = Template::read();
    let described = template.resource("AWS::DynamoDB::Table", "Table");
    let pairs = |list: &Value, name: &str, kind: &str| -> Vec<(String, String)> {
        let list = list.as_sequence().unwrap().iter();
        list.map(|pair| (target(&pair[name]).to_owned(), target(&pair[kind]).to_owned())).collect()
    };
    let keys = table.key_schema().iter();
    assert_eq!(
        pairs(&described["KeySchema"], "AttributeName", "KeyType"),
        keys.map(|key| (key.attribute_name.clone(), key.key_type.to_string())).collect::<Vec<_>>()
    );
    let attributes = table.attribute_definitions().iter();
    assert_eq!(
        pairs(&described["AttributeDefinitions"], "AttributeName", "AttributeType"),
        attributes.map(|a| (a.attribute_name.clone(), a.attribute_type.to_string())).collect::<Vec<_>>()
    );
    let billing = table.billing_mode_summary.unwrap().billing_mode.unwrap();
    assert_eq!(described["BillingMode"], billing.as_str());
    let view = table.stream_specification.unwrap().stream_view_type.unwrap();
    assert_eq!(described["StreamSpecification"]["StreamViewType"], view.as_str());
    let attribute = expiry.time_to_live_description.unwrap().attribute_name.unwrap();
    assert_eq!(described["TimeToLiveSpecification"]["AttributeName"], attribute.as_str());
    assert_eq!(described["TimeToLiveSpecification"]["Enabled"], true);
    assert!(table.global_secondary_indexes.is_none() && described["GlobalSecondaryIndexes"].is_null());
}

#[test]
fn what_is_stored_outlives_the_stack() {
    let template = Template::read();
    let table = template.resource("AWS::DynamoDB::Table", "Table");
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(template.resource("AWS::KMS::Key", "CredentialKey")["EnableKeyRotation"], true);
    for id in ["Table", "CredentialKey"] {
        assert_eq!(template.0["Resources"][id]["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
        assert_eq!(template.0["Resources"][id]["UpdateReplacePolicy"], "Retain", "{id}");
    }
}

#[test]
fn files_are_encrypted_private_and_gone_after_a_week() {
    let template = Template::read();
    let bucket = template.resource("AWS::S3::Bucket", "FilesBucket");
    let rule = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    for (switch, on) in bucket["PublicAccessBlockConfiguration"].as_mapping().unwrap() {
        assert_eq!(on.as_bool(), Some(true), "{switch:?}");
    }
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_sequence().unwrap();
    let week = rules.iter().find(|rule| rule["ExpirationInDays"] == 7).unwrap();
    assert_eq!((&week["Prefix"], &week["Status"]), (&"t/".into(), &"Enabled".into()));
    assert!(rules.iter().any(|rule| !rule["AbortIncompleteMultipartUpload"].is_null()));
    let policy = template.resource("AWS::S3::BucketPolicy", "FilesBucketPolicy");
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], false);
    assert_eq!(targets(&statement["Resource"]), ["FilesBucket.Arn", "${FilesBucket.Arn}/*"]);
}

#[test]
fn the_stack_stays_below_400_resources() {
    let template = Template::read();
    let written = template.0["Resources"].as_mapping().unwrap().len();
    // What SAM adds: the API's stage, a permission for each route, a mapping for each source, and so on.
    let mut made = template.of_type("AWS::Serverless::HttpApi").len();
    for function in template.functions() {
        made += usize::from(function.properties["Role"].is_null());
        made += usize::from(!function.properties["EventInvokeConfig"].is_null());
        for (kind, _) in function.events() {
            made += if kind == "ScheduleV2" { 2 } else { 1 };
        }
    }
    assert!(written + made < 400, "{written} + {made}");
}

#[test]
fn the_stack_says_where_it_is() {
    let template = Template::read();
    let outputs = template.0["Outputs"].as_mapping().unwrap();
    let named: Vec<_> = outputs.iter().map(|(id, output)| (target(id), target(&output["Value"]))).collect();
    let expected = [
        ("ApiUrl", "Api.ApiEndpoint"),
        ("TableName", "Table"),
        ("KeyArn", "CredentialKey.Arn"),
        ("AlarmTopic", "AlarmTopic"),
    ];
    assert_eq!(named, expected);
    for (id, parameter) in template.0["Parameters"].as_mapping().unwrap() {
        assert!(!target(&parameter["Description"]).is_empty(), "{id:?}");
    }
}
