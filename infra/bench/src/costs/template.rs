//! What `infra/template.yaml` has that costs something, whether or not anybody uses it.

use crate::Failure;
use serde_yaml_ng::Value;

/// The template.
const FILE: &str = include_str!("../../../template.yaml");

/// The template, parsed. Intrinsic functions are tagged values.
#[derive(Debug)]
pub(super) struct Template(Value);

impl Template {
    pub(super) fn read() -> Result<Self, Failure> {
        Ok(Self(serde_yaml_ng::from_str(FILE)?))
    }

    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = self.0["Resources"].as_mapping().into_iter().flatten();
        resources
            .filter(move |(_, resource)| resource["Type"] == kind)
            .filter_map(|(id, resource)| Some((id.as_str()?, &resource["Properties"])))
    }

    fn function(&self, name: &str) -> Result<&Value, Failure> {
        let code = format!("../target/lambda/{name}/");
        let found =
            self.of_type("AWS::Serverless::Function").find(|(_, function)| function["CodeUri"] == code);
        found.map(|(_, function)| function).ok_or_else(|| format!("{name} is not in the template").into())
    }

    /// How many metrics the alarms look at: each is charged for, the expressions over them are not.
    pub(super) fn alarm_metrics(&self) -> u64 {
        let metrics = |alarm: &Value| match alarm["Metrics"].as_sequence() {
            Some(metrics) => metrics.iter().filter(|metric| !metric["MetricStat"].is_null()).count(),
            None => 1,
        };
        self.of_type("AWS::CloudWatch::Alarm").map(|(_, alarm)| metrics(alarm) as u64).sum()
    }

    /// How many alarms there are.
    pub(super) fn alarms(&self) -> usize {
        self.of_type("AWS::CloudWatch::Alarm").count()
    }

    /// How many queues set off a function, and are therefore polled.
    pub(super) fn polled_queues(&self) -> u64 {
        let events = |function: &Value| {
            let events = function["Events"].as_mapping().into_iter().flatten();
            events.filter(|(_, event)| event["Type"] == "SQS").count() as u64
        };
        self.of_type("AWS::Serverless::Function").map(|(_, function)| events(function)).sum()
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> u64 {
        self.of_type("AWS::KMS::Key").count() as u64
    }

    /// A function's memory, in MiB.
    pub(super) fn memory(&self, function: &str) -> Result<u64, Failure> {
        let own = self.function(function)?["MemorySize"].as_u64();
        let memory = own.or_else(|| self.0["Globals"]["Function"]["MemorySize"].as_u64());
        memory.ok_or_else(|| "the template names no memory".into())
    }

    /// Whether a function may open credentials, for which it asks the key service.
    pub(super) fn opens_credentials(&self, function: &str) -> Result<bool, Failure> {
        let role = named(&self.function(function)?["Role"]).trim_end_matches(".Arn");
        let found = self.of_type("AWS::IAM::Role").find(|(id, _)| *id == role);
        let (_, role) = found.ok_or_else(|| format!("{function} has no role"))?;
        let policies = role["ManagedPolicyArns"].as_sequence().into_iter().flatten();
        Ok(policies.map(named).any(|name| name == "OpenCredentials"))
    }
}

/// What a value says, or names: `Role.Arn` of `!GetAtt Role.Arn`.
fn named(value: &Value) -> &str {
    let value = if let Value::Tagged(tagged) = value { &tagged.value } else { value };
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_counted_and_expressions_are_not() {
        let text = "Resources:
  One: {Type: 'AWS::CloudWatch::Alarm', Properties: {MetricName: Errors}}
  Two:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: sum, Expression: 'SUM(METRICS())'}
        - {Id: a, MetricStat: {Stat: Sum}}
        - {Id: b, MetricStat: {Stat: Sum}}
  Key: {Type: 'AWS::KMS::Key', Properties: {}}
";
        let template = Template(serde_yaml_ng::from_str(text).unwrap());
        assert_eq!((template.alarms(), template.alarm_metrics(), template.keys()), (2, 3, 1));
    }

    #[test]
    fn the_template_says_who_has_what() {
        let template = Template::read().unwrap();
        assert_eq!(template.polled_queues(), contracts::JOB_KINDS.len() as u64);
        assert!(template.alarm_metrics() > template.alarms() as u64);
        assert!(template.memory("import-worker").unwrap() > template.memory("leads").unwrap());
        assert!(template.opens_credentials("call-dialer").unwrap());
        assert!(!template.opens_credentials("leads").unwrap());
        assert!(template.memory("nothing").is_err());
    }
}
