//! A function's binary, run as the Lambda service runs it.

use crate::RuntimeApi;
use serde_json::Value;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// A function that runs. It ends when it is dropped.
#[derive(Debug)]
pub struct Function {
    process: Child,
}

impl Function {
    /// Starts a function with the environment that the service and the template give it, `more` included;
    /// `endpoint` is where it finds all AWS services.
    pub fn start(
        binary: &str,
        name: &str,
        api: &RuntimeApi,
        endpoint: &str,
        more: &[(&str, String)],
    ) -> Self {
        let process = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("TABLE_NAME", crate::Table::NAME)
            .env("KMS_KEY_ID", "alias/test")
            .env("FILES_BUCKET", "test")
            .envs(more.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process }
    }

    /// Ends the function and answers what it logged, a JSON object a line.
    pub async fn stop(mut self) -> Vec<Value> {
        self.process.start_kill().unwrap();
        self.log().await
    }

    /// What the function logged until it ended by itself.
    pub async fn log(self) -> Vec<Value> {
        let output = self.process.wait_with_output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
