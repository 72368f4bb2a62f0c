//! What each function may do in the account: what it does, and nothing else.

use super::{Function, Template, Trigger, each, pascal, target, targets};
use contracts::JOB_KINDS;
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "AWS::IAM::Role";
const POLICY: &str = "AWS::IAM::ManagedPolicy";

/// An action, and what it may be done to.
type Grant = (String, String);

const LOGS: &str =
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/${AWS::StackName}/*";

/// Functions whose code opens credentials: those of `operations::integrations` and `operations::sensitive`.
const OPENS_CREDENTIALS: [&str; 22] = [
    "admin",
    "agent-create",
    "agent-delete",
    "agent-query",
    "agent-sync",
    "agent-update",
    "call-analyzer",
    "call-dialer",
    "call-reconciler",
    "calls",
    "chat-responder",
    "context-builder",
    "conversation-save",
    "crm-extractor",
    "elevenlabs-webhook",
    "erasure-worker",
    "message-ingest",
    "message-sender",
    "privacy",
    "renewal-checker",
    "shared-memory",
    "whatsapp-webhook",
];
/// Where files are of which kind, and what the functions that have to do with them do to them.
const DOCUMENTS: &str = "${FilesBucket.Arn}/k/*/document/*";
const INCOMING: &str = "${FilesBucket.Arn}/t/*/import/*";
const OUTGOING: &str = "${FilesBucket.Arn}/t/*/export/*";
const RECORDED: &str = "${FilesBucket.Arn}/t/*/recording/*";
const BUCKET: &str = "FilesBucket.Arn";
const DOSSIERS: &str = "${FilesBucket.Arn}/t/*/dossier/*";
const FILES: [(&str, &[(&str, &str)]); 7] = [
    ("calls", &[("s3:PutObject", RECORDED), ("s3:GetObject", RECORDED)]),
    ("privacy", &[("s3:PutObject", DOSSIERS), ("s3:GetObject", DOSSIERS)]),
    (
        "erasure-worker",
        &[("s3:DeleteObject", DOCUMENTS), ("s3:DeleteObject", RECORDED), ("s3:DeleteObject", DOSSIERS)],
    ),
    (
        "imports",
        &[
            ("s3:PutObject", INCOMING),
            ("s3:GetObject", INCOMING),
            ("s3:GetObject", OUTGOING),
            ("s3:ListBucket", BUCKET),
        ],
    ),
    (
        "import-worker",
        &[("s3:GetObject", INCOMING), ("s3:DeleteObject", INCOMING), ("s3:ListBucket", BUCKET)],
    ),
    ("export-worker", &[("s3:GetObject", OUTGOING), ("s3:PutObject", OUTGOING), ("s3:ListBucket", BUCKET)]),
    (
        "practices",
        &[
            ("s3:PutObject", DOCUMENTS),
            ("s3:GetObject", DOCUMENTS),
            ("s3:DeleteObject", DOCUMENTS),
            ("s3:ListBucket", BUCKET),
        ],
    ),
];
/// As whom e-mail and text messages are sent: each tenant says so in its settings.
const SENDERS: [(&str, &str); 5] = [
    ("ses:SendEmail", "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"),
    ("ses:SendEmail", "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/*"),
    (
        "sms-voice:SendTextMessage",
        "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:phone-number/*",
    ),
    ("sms-voice:SendTextMessage", "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:pool/*"),
    (
        "sms-voice:SendTextMessage",
        "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:sender-id/*",
    ),
];
/// Functions whose code stores them.
const SEALS_CREDENTIALS: [&str; 2] = ["admin", "privacy"];
/// A function that changes nothing though it takes a `POST`.
const PREVIEWS: &str = "context-builder";
/// Functions that know no caller and store nothing.
const NO_TABLE: [&str; 2] = ["api-docs", "not-found"];

fn statements(policy: &Value) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for statement in each(&policy["Statement"]) {
        assert_eq!(statement["Effect"], "Allow");
        for action in targets(&statement["Action"]) {
            assert!(!action.contains('*'), "{action}");
            for resource in targets(&statement["Resource"]) {
                // Log streams, the table's streams, files and senders have names that nobody knows before.
                let named = FILES.iter().any(|(_, grants)| grants.iter().any(|(_, of)| *of == resource))
                    || SENDERS.iter().any(|(_, of)| *of == resource);
                let bounded = resource == LOGS || resource == "${Table.Arn}/stream/*" || named;
                assert!(bounded || !resource.contains('*'), "{resource}");
                grants.insert((action.to_owned(), resource.to_owned()));
            }
        }
    }
    grants
}

fn granted(template: &Template, function: &Function) -> BTreeSet<Grant> {
    let role = target(&function.properties["Role"]).strip_suffix(".Arn").unwrap();
    assert_eq!(role, format!("{}Role", pascal(&function.name)));
    let role = template.resource(ROLE, role);
    let mut grants = BTreeSet::new();
    for id in targets(&role["ManagedPolicyArns"]) {
        grants.extend(statements(&template.resource(POLICY, id)["PolicyDocument"]));
    }
    for policy in role["Policies"].as_sequence().into_iter().flatten() {
        grants.extend(statements(&policy["PolicyDocument"]));
    }
    grants
}

/// Whether the function only reads: so say the methods that it describes.
fn only_reads(name: &str) -> bool {
    let described = local::describe().into_iter().find(|(function, _)| *function == name);
    let Some((_, described)) = described else { return false };
    let described = serde_json::to_value(described).unwrap();
    let mut methods = described["paths"].as_object().unwrap().values().flat_map(|path| {
        let methods = path.as_object().unwrap().keys();
        methods.cloned().collect::<Vec<_>>()
    });
    name == PREVIEWS || methods.all(|method| method == "get")
}

fn expected(function: &Function) -> BTreeSet<Grant> {
    let name = function.name.as_str();
    let mut expected = BTreeSet::new();
    let mut allow = |actions: &[&str], resource: &str| {
        expected.extend(actions.iter().map(|action| ((*action).to_owned(), resource.to_owned())));
    };
    allow(&["logs:CreateLogStream", "logs:PutLogEvents"], LOGS);
    let trigger = function.trigger();
    match trigger {
        Trigger::Stream => {
            allow(&["dynamodb:DeleteItem"], "Table.Arn");
            let stream = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
            allow(&stream, "Table.StreamArn");
            allow(&["dynamodb:ListStreams"], "${Table.Arn}/stream/*");
            allow(&["sqs:SendMessage"], "RelayDeadLetters.Arn");
        }
        _ if NO_TABLE.contains(&name) => {}
        _ => {
            let reads = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
            allow(&reads, "Table.Arn");
            // Counts: uses of an API key, refusals, and those of a step.
            allow(&["dynamodb:UpdateItem"], "Table.Arn");
            if !only_reads(name) {
                let changes = ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
                allow(&changes, "Table.Arn");
            }
        }
    }
    if OPENS_CREDENTIALS.contains(&name) {
        allow(&["kms:Decrypt"], "CredentialKey.Arn");
    }
    if SEALS_CREDENTIALS.contains(&name) {
        allow(&["kms:GenerateDataKeyWithoutPlaintext"], "CredentialKey.Arn");
    }
    for (action, resource) in SENDERS.iter().filter(|_| name == "message-sender") {
        allow(&[*action], resource);
    }
    for (action, resource) in FILES.iter().filter(|(own, _)| *own == name).flat_map(|(_, grants)| *grants) {
        allow(&[*action], resource);
    }
    for kind in JOB_KINDS {
        let queue = format!("{}Queue.Arn", kind.name);
        if matches!(trigger, Trigger::Stream | Trigger::Schedule) {
            allow(&["sqs:SendMessage"], &queue);
        }
        if kind.function == name {
            allow(&["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], &queue);
        }
    }
    expected
}

#[test]
fn every_function_may_do_what_it_does_and_nothing_else() {
    let template = Template::read();
    for function in template.functions() {
        assert_eq!(granted(&template, &function), expected(&function), "{}", function.name);
    }
}

#[test]
fn every_role_is_one_functions_own_and_every_policy_is_used() {
    let template = Template::read();
    let mut policies: BTreeSet<_> = template.of_type(POLICY).into_keys().collect();
    let mut roles: BTreeMap<_, _> = template.of_type(ROLE);
    for function in template.functions() {
        let id = target(&function.properties["Role"]).strip_suffix(".Arn").unwrap();
        let role = roles.remove(id).unwrap_or_else(|| panic!("{id} is used twice"));
        for policy in targets(&role["ManagedPolicyArns"]) {
            policies.remove(policy);
        }
        let trust = each(&role["AssumeRolePolicyDocument"]["Statement"]);
        assert_eq!(trust.len(), 1, "{id}");
        assert_eq!(target(&trust[0]["Principal"]["Service"]), "lambda.amazonaws.com", "{id}");
        assert_eq!(target(&trust[0]["Action"]), "sts:AssumeRole", "{id}");
        // SAM would add grants of its own to a role that it makes, and leaves these out.
        assert!(function.properties["Policies"].is_null(), "{id}");
    }
    assert!(roles.is_empty() && policies.is_empty(), "{roles:?} {policies:?}");
}

#[test]
fn the_key_is_handed_on_by_the_account_alone() {
    let template = Template::read();
    let key = template.resource("AWS::KMS::Key", "CredentialKey");
    let statements = each(&key["KeyPolicy"]["Statement"]);
    assert_eq!(statements.len(), 1);
    let root = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root";
    assert_eq!(target(&statements[0]["Principal"]["AWS"]), root);
    // The table is encrypted with another key: reading a row does not take the one that opens credentials.
    let table = template.resource("AWS::DynamoDB::Table", "Table");
    assert!(table["SSESpecification"]["KMSMasterKeyId"].is_null());
}
