//! Reaching the table, and making one where there is none.

use crate::Store;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use domain::Clock;
use std::time::Duration;

/// How to reach a table.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The table's name.
    pub table: String,
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// Another address than the region's own.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// The client that every AWS service of the process shares.
    pub http: SharedHttpClient,
}

impl Connection {
    /// Where requests to the table go, such as `https://dynamodb.eu-west-1.amazonaws.com`. `None` if the SDK knows
    /// no such region.
    pub async fn address(&self) -> Option<String> {
        let place = Params::builder().region(&self.region).set_endpoint(self.endpoint.clone());
        let resolved = DefaultResolver::new().resolve_endpoint(&place.build().ok()?).await;
        resolved.ok().map(|endpoint| endpoint.url().to_owned())
    }
}

impl Store {
    /// A store on this table. Nothing is sent yet.
    pub fn connect(connection: Connection, clock: Clock) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build();
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(connection.region))
            .credentials_provider(connection.credentials)
            .http_client(connection.http)
            .timeout_config(timeouts)
            // The store knows what may be repeated; the SDK does not (see commit.rs).
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = connection.endpoint {
            config = config.endpoint_url(endpoint);
        }
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Self { client, table: connection.table.into(), clock }
    }

    /// Makes the table as the template describes it, for the local run and the tests. One that exists stays.
    pub async fn create_table(&self) -> Result<()> {
        let unavailable = |e: String| Error::Unavailable(e);
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let stream =
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
        let created = self
            .client
            .create_table()
            .table_name(&*self.table)
            .attribute_definitions(attribute("pk").map_err(|e| unavailable(e.to_string()))?)
            .attribute_definitions(attribute("sk").map_err(|e| unavailable(e.to_string()))?)
            .key_schema(key("pk", KeyType::Hash).map_err(|e| unavailable(e.to_string()))?)
            .key_schema(key("sk", KeyType::Range).map_err(|e| unavailable(e.to_string()))?)
            .billing_mode(BillingMode::PayPerRequest)
            .stream_specification(stream.build().map_err(|e| unavailable(e.to_string()))?)
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), CreateTableError::ResourceInUseException(_)) =>
            {
                return Ok(());
            }
            Err(e) => return Err(unavailable(format!("{e:?}"))),
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build();
        self.client
            .update_time_to_live()
            .table_name(&*self.table)
            .time_to_live_specification(ttl.map_err(|e| unavailable(e.to_string()))?)
            .send()
            .await
            .map_err(|e| unavailable(format!("{e:?}")))?;
        Ok(())
    }
}
