//! Who wraps the data keys.

use crate::{Error, decrypt, encrypt};
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_kms::error::DisplayErrorContext;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_smithy_types::timeout::TimeoutConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Ids, TenantId};
use std::sync::OnceLock;
use std::time::Duration;

/// How to reach a KMS key.
#[derive(Debug, Clone)]
pub struct Kms {
    /// The key's id or ARN.
    pub key_id: String,
    /// The region.
    pub region: String,
    /// Another address than the region's own.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// The client that every AWS service of the process shares.
    pub http: SharedHttpClient,
}

#[derive(Debug)]
pub(crate) enum KeyService {
    Kms { kms: Kms, client: OnceLock<aws_sdk_kms::Client> },
    Local([u8; 32]),
}

impl KeyService {
    pub(crate) fn kms(kms: Kms) -> Self {
        Self::Kms { kms, client: OnceLock::new() }
    }

    /// A fresh data key for the tenant, wrapped.
    pub(crate) async fn wrapped_key(&self, tenant: &TenantId, ids: &Ids) -> Result<String, Error> {
        match self {
            Self::Local(key) => encrypt(key, ids, tenant.as_str(), &ids.bytes::<32>()),
            Self::Kms { kms, client } => {
                let answer = connected(kms, client)
                    .generate_data_key_without_plaintext()
                    .key_id(&kms.key_id)
                    .key_spec(DataKeySpec::Aes256)
                    .encryption_context("tenant", tenant.as_str())
                    .send()
                    .await
                    .map_err(|e| Error::KeyService(DisplayErrorContext(e).to_string()))?;
                Ok(STANDARD.encode(answer.ciphertext_blob.ok_or(Error::Damaged)?.into_inner()))
            }
        }
    }

    /// The data key in the clear.
    pub(crate) async fn unwrap(&self, tenant: &TenantId, wrapped: &str) -> Result<[u8; 32], Error> {
        let key = match self {
            Self::Local(key) => decrypt(key, tenant.as_str(), wrapped)?,
            Self::Kms { kms, client } => {
                let wrapped = STANDARD.decode(wrapped).map_err(|_| Error::Damaged)?;
                let answer = connected(kms, client)
                    .decrypt()
                    .key_id(&kms.key_id)
                    .ciphertext_blob(Blob::new(wrapped))
                    .encryption_context("tenant", tenant.as_str())
                    .send()
                    .await
                    .map_err(|e| Error::KeyService(DisplayErrorContext(e).to_string()))?;
                answer.plaintext.ok_or(Error::Damaged)?.into_inner()
            }
        };
        key.try_into().map_err(|_| Error::Damaged)
    }
}

/// The client, built when a secret is first needed.
fn connected<'a>(kms: &Kms, client: &'a OnceLock<aws_sdk_kms::Client>) -> &'a aws_sdk_kms::Client {
    client.get_or_init(|| {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build();
        let mut config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(kms.region.clone()))
            .credentials_provider(kms.credentials.clone())
            .http_client(kms.http.clone())
            .timeout_config(timeouts);
        if let Some(endpoint) = &kms.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_kms::Client::from_conf(config.build())
    })
}
