//! A tenant's credentials at the providers: written, never read back.

use crate::context::{Account, Context, Platform};
use crate::error::{Error, Result};
use crate::planning;
use domain::contact::Channel;
use domain::{Email, Invalid, Role, TenantId, text};
use elevenlabs::PhoneProvider;
use jiff::Timestamp;
use llm::{Embeddings, Llm};
use provider::{Secret, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Halt, Integration};
use utoipa::ToSchema;

/// A provider that a tenant can set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Provider {
    Elevenlabs,
    Openai,
    Anthropic,
    Whatsapp,
    Email,
    Sms,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 6] =
        [Self::Elevenlabs, Self::Openai, Self::Anthropic, Self::Whatsapp, Self::Email, Self::Sms];

    /// The provider as paths and keys spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Elevenlabs => "elevenlabs",
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// Where ElevenLabs is, who we are there, and which line calls go out on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElevenLabs {
    /// The API key.
    pub api_key: Secret,
    /// The address, without `/v1`.
    #[serde(default = "ElevenLabs::address")]
    pub base_url: String,
    /// The secret of the post-call webhook.
    #[serde(default)]
    pub webhook_secret: Option<Secret>,
    /// The secret by which requests about callers are known, in a header of ours: 16 characters at least.
    #[serde(default)]
    pub initiation_secret: Option<Secret>,
    /// ElevenLabs' id of the number that calls.
    #[serde(default)]
    pub phone_number_id: Option<String>,
    /// Who carries that number.
    #[serde(default)]
    pub phone_provider: PhoneProvider,
    /// ElevenLabs' id of the post-call webhook, to attach it to agents.
    #[serde(default)]
    pub webhook_id: Option<String>,
}

impl ElevenLabs {
    fn address() -> String {
        "https://api.elevenlabs.io".to_owned()
    }
}

/// Where a model is and who we are there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The API key.
    pub api_key: Secret,
    /// The address: OpenAI's with `/v1`, Anthropic's without; the provider's own if not given.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Which model; a small one if not given.
    #[serde(default)]
    pub model: Option<String>,
    /// Which model makes embeddings; none if not given.
    #[serde(default)]
    pub embedding_model: Option<String>,
    /// Whether this provider is asked where both are set up.
    #[serde(default)]
    pub is_default: bool,
}

/// Where WhatsApp's Graph API is, who we are there, and by what its events are known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    /// The access token of a system user.
    pub access_token: Secret,
    /// The address, without version.
    #[serde(default = "Whatsapp::address")]
    pub base_url: String,
    /// The version of the Graph API, such as `v26.0`.
    #[serde(default = "Whatsapp::version")]
    pub api_version: String,
    /// Meta's id of the number that we write from.
    pub phone_number_id: String,
    /// The app's secret, with which its events are signed.
    #[serde(default)]
    pub app_secret: Option<Secret>,
    /// The word by which the webhook's address is confirmed.
    #[serde(default)]
    pub verify_token: Option<Secret>,
    /// How many messages a second the number may send; WhatsApp's own default is 80, and 20 where the number is also
    /// used with the WhatsApp Business app.
    #[serde(default = "Whatsapp::throughput")]
    pub messages_per_second: u32,
}

impl Whatsapp {
    fn address() -> String {
        "https://graph.facebook.com".to_owned()
    }

    fn version() -> String {
        whatsapp::Client::VERSION.to_owned()
    }

    fn throughput() -> u32 {
        80
    }

    fn check(&self) -> Result<()> {
        check_secret("/access_token", &self.access_token)?;
        let is_id =
            |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_id(&self.phone_number_id) {
            return Err(Invalid::at("/phone_number_id", "must be Meta's id of the number").into());
        }
        let is_version = self.api_version.strip_prefix('v').and_then(|version| version.split_once('.'));
        if !is_version
            .is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok())
        {
            return Err(Invalid::at("/api_version", "must be a version such as v26.0").into());
        }
        if !(1..=1_000).contains(&self.messages_per_second) {
            return Err(Invalid::at("/messages_per_second", "must be from 1 to 1,000").into());
        }
        Ok(())
    }
}

/// As whom e-mail is sent by Amazon SES, in this account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The sender: an address that SES has verified.
    pub from_address: Email,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<Email>,
    /// The configuration set, which decides where SES tells of bounces.
    #[serde(default)]
    pub configuration_set: Option<String>,
    /// Another address than the region's own: a stand-in's.
    #[serde(default)]
    pub base_url: Option<String>,
}

/// As whom text messages are sent by AWS End User Messaging, in this account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// The number, sender id or pool that sends.
    pub origination_identity: String,
    /// For numbers in India: the id of the business in the DLT registry.
    #[serde(default)]
    pub in_entity_id: Option<String>,
    /// For numbers in India: the id of the registered template.
    #[serde(default)]
    pub in_template_id: Option<String>,
    /// Another address than the region's own: a stand-in's.
    #[serde(default)]
    pub base_url: Option<String>,
}

/// Where a service of AWS is that has no other address.
const AWS: &str = "https://amazonaws.com";
const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";

/// What may be told about a provider's credentials.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Configured {
    /// The provider.
    pub provider: Provider,
    /// Whether credentials are stored.
    pub configured: bool,
    /// When they were set.
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<Timestamp>,
}

/// Stores a provider's credentials in place of any before. The same ones again change nothing.
pub async fn set(ctx: &Context, provider: Provider, settings: Value) -> Result<Configured> {
    ctx.require(Role::Owner)?;
    let (plain, base_url) = match provider {
        Provider::Elevenlabs => {
            let settings: ElevenLabs = crate::merge::read(settings)?;
            check_key(&settings.api_key)?;
            if settings.initiation_secret.as_ref().is_some_and(|secret| secret.expose().len() < 16) {
                return Err(Invalid::at("/initiation_secret", "must have at least 16 characters").into());
            }
            (serde_json::to_vec(&settings), Some(settings.base_url))
        }
        Provider::Openai | Provider::Anthropic => {
            let settings: Model = crate::merge::read(settings)?;
            check_key(&settings.api_key)?;
            (serde_json::to_vec(&settings), settings.base_url)
        }
        Provider::Whatsapp => {
            let settings: Whatsapp = crate::merge::read(settings)?;
            settings.check()?;
            (serde_json::to_vec(&settings), Some(settings.base_url))
        }
        Provider::Email => {
            let settings: Mail = crate::merge::read(settings)?;
            (serde_json::to_vec(&settings), settings.base_url)
        }
        Provider::Sms => {
            let settings: Sms = crate::merge::read(settings)?;
            text::line(&settings.origination_identity, 160).map_err(|e| e.within("/origination_identity"))?;
            (serde_json::to_vec(&settings), settings.base_url)
        }
    };
    if let Some(base_url) = base_url {
        check_address(&base_url, ctx.platform.loopback_providers).map_err(|e| e.within("/base_url"))?;
    }
    let plain = plain.map_err(|_| Error::Internal("the settings are no JSON"))?;
    if let Some(stored) = ctx.store().get::<Integration>(&ctx.tenant, provider.as_str()).await?
        && ctx.platform.vault.open(ctx.store(), &ctx.tenant, &place(provider), &stored.sealed).await? == plain
    {
        return Ok(Configured { provider, configured: true, updated_at: Some(stored.updated_at) });
    }
    let sealed = ctx.platform.vault.seal(ctx.store(), &ctx.tenant, &place(provider), &plain).await?;
    let updated_at = ctx.now();
    let mut step = ctx.step();
    step.put(&Integration { provider: provider.as_str().to_owned(), sealed, updated_at })?;
    // The audit tells that, and not what.
    ctx.audited::<()>(&mut step, "integration.updated", provider.as_str(), None, None)?;
    match provider {
        Provider::Elevenlabs => planning::rest_no_more(ctx, &mut step).await?,
        // Whoever mended the account need not wait.
        Provider::Whatsapp => step.forget::<Halt>(&Channel::Whatsapp),
        _ => {}
    }
    ctx.store().commit(step).await?;
    Ok(Configured { provider, configured: true, updated_at: Some(updated_at) })
}

/// Which providers are set up.
pub async fn list(ctx: &Context) -> Result<Vec<Configured>> {
    ctx.require(Role::Manager)?;
    let mut all = Vec::new();
    for provider in Provider::ALL {
        let stored = ctx.store().get::<Integration>(&ctx.tenant, provider.as_str()).await?;
        let updated_at = stored.map(|stored| stored.value.updated_at);
        all.push(Configured { provider, configured: updated_at.is_some(), updated_at });
    }
    Ok(all)
}

/// The tenant's voice provider.
pub async fn elevenlabs(platform: &Platform, tenant: &TenantId) -> Result<(elevenlabs::Client, ElevenLabs)> {
    let settings: ElevenLabs =
        open(platform, tenant, Provider::Elevenlabs).await?.ok_or(Error::NotConfigured("elevenlabs"))?;
    guard(platform, &settings.base_url)?;
    let client = elevenlabs::Client::new(platform.http.clone(), &settings.base_url, settings.api_key.clone());
    Ok((client, settings))
}

/// The secret by which the tenant's voice events are verified.
pub async fn webhook_secret(platform: &Platform, tenant: &TenantId) -> Result<Option<Secret>> {
    let settings: Option<ElevenLabs> = open(platform, tenant, Provider::Elevenlabs).await?;
    Ok(settings.and_then(|settings| settings.webhook_secret))
}

/// The secret by which the tenant's requests about callers are known.
pub async fn initiation_secret(platform: &Platform, tenant: &TenantId) -> Result<Option<Secret>> {
    let settings: Option<ElevenLabs> = open(platform, tenant, Provider::Elevenlabs).await?;
    Ok(settings.and_then(|settings| settings.initiation_secret))
}

/// The tenant's number at WhatsApp.
pub async fn whatsapp(platform: &Platform, tenant: &TenantId) -> Result<(whatsapp::Client, Whatsapp)> {
    let settings = whatsapp_settings(platform, tenant).await?.ok_or(Error::NotConfigured("whatsapp"))?;
    guard(platform, &settings.base_url)?;
    let Whatsapp { base_url, api_version, phone_number_id, access_token, .. } = settings.clone();
    let client =
        whatsapp::Client::new(platform.http.clone(), &base_url, &api_version, &phone_number_id, access_token);
    Ok((client, settings))
}

/// How the tenant sends e-mail.
pub async fn mail(platform: &Platform, tenant: &TenantId) -> Result<(email::Client, Mail)> {
    let settings: Mail =
        open(platform, tenant, Provider::Email).await?.ok_or(Error::NotConfigured("email"))?;
    let Account { region, credentials } = account(platform, settings.base_url.as_deref(), "email")?;
    let client =
        email::Client::new(platform.http.clone(), &region, settings.base_url.as_deref(), credentials);
    Ok((client, settings))
}

/// How the tenant sends text messages.
pub async fn sms(platform: &Platform, tenant: &TenantId) -> Result<(sms::Client, Sms)> {
    let settings: Sms = open(platform, tenant, Provider::Sms).await?.ok_or(Error::NotConfigured("sms"))?;
    let Account { region, credentials } = account(platform, settings.base_url.as_deref(), "sms")?;
    let client = sms::Client::new(platform.http.clone(), &region, settings.base_url.as_deref(), credentials);
    Ok((client, settings))
}

/// The account whose service is asked at its own address, or at a stand-in's.
fn account(platform: &Platform, address: Option<&str>, service: &'static str) -> Result<Account> {
    guard(platform, address.unwrap_or(AWS))?;
    platform.account.clone().ok_or(Error::NotConfigured(service))
}

/// What the tenant set for WhatsApp, if anything.
pub async fn whatsapp_settings(platform: &Platform, tenant: &TenantId) -> Result<Option<Whatsapp>> {
    open(platform, tenant, Provider::Whatsapp).await
}

/// The tenant's embedding model, if it has one.
pub async fn embeddings(platform: &Platform, tenant: &TenantId) -> Result<Option<Embeddings>> {
    let settings: Option<Model> = open(platform, tenant, Provider::Openai).await?;
    let Some(Model { api_key, base_url, embedding_model: Some(model), .. }) = settings else {
        return Ok(None);
    };
    let base_url = base_url.unwrap_or_else(|| OPENAI.to_owned());
    guard(platform, &base_url)?;
    Ok(Some(Embeddings::openai(platform.http.clone(), &base_url, api_key, &model)))
}

/// The tenant's model: the default one where both providers are set up.
pub async fn model(platform: &Platform, tenant: &TenantId) -> Result<Llm> {
    let (openai, anthropic): (Option<Model>, Option<Model>) = tokio::try_join!(
        open(platform, tenant, Provider::Openai),
        open(platform, tenant, Provider::Anthropic)
    )?;
    let prefers_anthropic = anthropic.as_ref().is_some_and(|model| model.is_default);
    let openai = openai.filter(|model| model.is_default || !prefers_anthropic);
    let http = platform.http.clone();
    match (openai, anthropic) {
        (Some(Model { api_key, base_url, model, .. }), _) => {
            let base_url = base_url.unwrap_or_else(|| OPENAI.to_owned());
            guard(platform, &base_url)?;
            Ok(Llm::openai(http, &base_url, api_key, model.as_deref()))
        }
        (None, Some(Model { api_key, base_url, model, .. })) => {
            let base_url = base_url.unwrap_or_else(|| ANTHROPIC.to_owned());
            guard(platform, &base_url)?;
            Ok(Llm::anthropic(http, &base_url, api_key, model.as_deref()))
        }
        (None, None) => Err(Error::NotConfigured("a model")),
    }
}

/// Whether any tenant's credentials lead to a real provider.
pub async fn any_live(platform: &Platform) -> Result<bool> {
    for tenant in platform.store.tenants(10_000).await? {
        let voice: Option<ElevenLabs> = open(platform, &tenant, Provider::Elevenlabs).await?;
        let openai: Option<Model> = open(platform, &tenant, Provider::Openai).await?;
        let anthropic: Option<Model> = open(platform, &tenant, Provider::Anthropic).await?;
        let whatsapp = whatsapp_settings(platform, &tenant).await?;
        let mail: Option<Mail> = open(platform, &tenant, Provider::Email).await?;
        let sms: Option<Sms> = open(platform, &tenant, Provider::Sms).await?;
        let of_aws = |address: Option<String>| address.unwrap_or_else(|| AWS.to_owned());
        let addresses = [
            whatsapp.map(|settings| settings.base_url),
            mail.map(|settings| of_aws(settings.base_url)),
            sms.map(|settings| of_aws(settings.base_url)),
            voice.map(|settings| settings.base_url),
            openai.map(|model| model.base_url.unwrap_or_else(|| OPENAI.to_owned())),
            anthropic.map(|model| model.base_url.unwrap_or_else(|| ANTHROPIC.to_owned())),
        ];
        if addresses.into_iter().flatten().any(|address| !is_loopback(&address)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn open<T: DeserializeOwned>(
    platform: &Platform,
    tenant: &TenantId,
    provider: Provider,
) -> Result<Option<T>> {
    let Some(stored) = platform.store.get::<Integration>(tenant, provider.as_str()).await? else {
        return Ok(None);
    };
    let plain = platform.vault.open(&platform.store, tenant, &place(provider), &stored.sealed).await?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| Error::Internal("stored credentials cannot be read"))
}

fn place(provider: Provider) -> String {
    format!("integration#{}", provider.as_str())
}

fn check_key(key: &Secret) -> Result<()> {
    check_secret("/api_key", key)
}

fn check_secret(pointer: &str, secret: &Secret) -> Result<()> {
    let fits = text::line(secret.expose(), 500).map(drop).map_err(|e| e.within(pointer));
    Ok(fits?)
}

/// Refuses an address that is not a provider's: secrets travel encrypted, and to other machines than ours.
pub(crate) fn check_address(address: &str, loopback_allowed: bool) -> std::result::Result<(), Invalid> {
    let url = Url::parse(address).map_err(|_| Invalid::new("is not an address: https://… is expected"))?;
    match (url.scheme(), is_loopback(address)) {
        ("http" | "https", true) if loopback_allowed => Ok(()),
        (_, true) => Err(Invalid::new("must not be on this machine")),
        ("https", false) if !is_private(&url) => Ok(()),
        ("https", false) => Err(Invalid::new("must not be a private address")),
        _ => Err(Invalid::new("must begin with https://")),
    }
}

/// A clock that runs ahead must not move a live provider.
fn guard(platform: &Platform, base_url: &str) -> Result<()> {
    if platform.store.clock().is_shifted() && !is_loopback(base_url) {
        return Err(Error::Conflict("The clock is shifted, so live providers are not used.".to_owned()));
    }
    Ok(())
}

fn is_loopback(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => !host.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_to_other_machines_over_https_only() {
        let fits = |address: &str| check_address(address, false).is_ok();
        assert!(fits("https://api.elevenlabs.io") && fits("https://api.in.residency.elevenlabs.io"));
        for bad in [
            "http://api.elevenlabs.io",
            "https://127.0.0.1:9001",
            "https://169.254.169.254/x",
            "https://[::1]/",
            "https://10.0.0.1",
            "https://metadata",
            "ftp://x.y",
            "nonsense",
            "",
        ] {
            assert!(!fits(bad), "{bad}");
        }
        assert!(check_address("http://127.0.0.1:9100/elevenlabs", true).is_ok());
        assert!(check_address("http://api.elevenlabs.io", true).is_err());
    }
}
