//! Tokens of a tenant's own issuer.
//!
//! The library reads and validates; ring, which is linked anyway, checks the signatures. Only the two
//! asymmetric algorithms that issuers use by default are taken.

use crate::identity::Identity;
use crate::{Api, Problem};
use domain::{Role, TenantId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation, dangerous, decode, decode_header};
use operations::Actor;
use provider::Url;
use ring::signature as ring_signature;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{JwtIssuer, Rate, credential_hash};

/// How long an issuer's keys are believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(10);
/// How soon an issuer is asked again for a key that it did not have.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;

/// The issuers' keys, by address.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySets {
    known: Arc<Mutex<HashMap<String, Fetched>>>,
}

/// An issuer's keys, and when they were fetched.
type Fetched = (Arc<JwkSet>, Timestamp);

/// The longest subject, in bytes (`OpenID` Connect Core, section 2).
const SUBJECT_MAX: usize = 255;

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Addressed {
    iss: String,
    aud: Value,
}

/// Who bears this token.
pub(crate) async fn bearer_of_token(api: &Api, token: &str) -> Result<Identity, Problem> {
    let refused = || Problem::unauthenticated("The token is not accepted.");
    let header = decode_header(token).map_err(|_| refused())?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
        return Err(refused());
    }
    // Not believed yet: it only says whose keys to check it with.
    let addressed: Addressed = dangerous::insecure_decode_claims(token).map_err(|_| refused())?;
    let (tenant, issuer) = issuer_of(api, &addressed).await?.ok_or_else(refused)?;
    let key = signing_key(api, &issuer, header.kid.as_deref()).await?.ok_or_else(refused)?;

    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[&issuer.issuer]);
    validation.set_audience(&[&issuer.audience]);
    // Time is ours: the clock may be shifted.
    validation.validate_exp = false;
    use_ring();
    let claims: Claims = decode(token, &key, &validation).map_err(|_| refused())?.claims;
    let now = api.platform.now().as_second();
    if claims.exp + LEEWAY < now || claims.nbf.is_some_and(|from| from - LEEWAY > now) {
        return Err(Problem::unauthenticated("The token has expired or is not valid yet."));
    }
    if !(1..=SUBJECT_MAX).contains(&claims.sub.len()) {
        return Err(Problem::unauthenticated("The token's subject is empty or longer than 255 bytes."));
    }
    let role = role_in(&claims.others, &issuer.role_claim)
        .ok_or_else(|| Problem::unauthenticated("The token names no role that is known here."))?;
    // Whoever has several tokens has one rate.
    let rate = Some((credential_hash(&claims.sub), Rate::default()));
    Ok(Identity { tenant, actor: Actor::Token { subject: claims.sub, role }, rate })
}

/// The tenant that accepts such tokens, with what it says about their issuer.
async fn issuer_of(api: &Api, token: &Addressed) -> Result<Option<(TenantId, JwtIssuer)>, Problem> {
    let audiences: Vec<&str> = match &token.aud {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).take(5).collect(),
        _ => Vec::new(),
    };
    let store = &api.platform.store;
    for audience in audiences {
        let Some(tenant) = store.issuer(&token.iss, audience).await.map_err(operations::Error::from)? else {
            continue;
        };
        let stored = store.get::<JwtIssuer>(&tenant, &()).await.map_err(operations::Error::from)?;
        let agrees = |issuer: &JwtIssuer| issuer.issuer == token.iss && issuer.audience == audience;
        if let Some(issuer) = stored.map(|stored| stored.value).filter(agrees) {
            return Ok(Some((tenant, issuer)));
        }
    }
    Ok(None)
}

/// The role that a claim names, or the highest of several.
fn role_in(claims: &Map<String, Value>, claim: &str) -> Option<Role> {
    match claims.get(claim)? {
        Value::String(one) => Role::from_name(one),
        Value::Array(some) => some.iter().filter_map(|role| Role::from_name(role.as_str()?)).max(),
        _ => None,
    }
}

async fn signing_key(
    api: &Api,
    issuer: &JwtIssuer,
    kid: Option<&str>,
) -> Result<Option<DecodingKey>, Problem> {
    let now = api.platform.now();
    let cached = api.identities.key_sets.get(&issuer.jwks_url);
    if let Some((keys, since)) = cached {
        let age = now.duration_since(since);
        let found = find(&keys, kid);
        // An unknown key may be a new one, but a caller cannot make us ask for each token.
        if age < BELIEVED && (found.is_some() || age < ASKED_AGAIN) {
            return Ok(found);
        }
    }
    let keys = Arc::new(fetch(api, &issuer.jwks_url).await?);
    api.identities.key_sets.put(issuer.jwks_url.clone(), Arc::clone(&keys), now);
    Ok(find(&keys, kid))
}

impl KeySets {
    fn get(&self, address: &str) -> Option<Fetched> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }

    fn put(&self, address: String, keys: Arc<JwkSet>, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, since)| now.duration_since(*since) < BELIEVED);
        known.insert(address, (keys, now));
    }
}

fn find(keys: &JwkSet, kid: Option<&str>) -> Option<DecodingKey> {
    let key = match kid {
        Some(kid) => keys.find(kid)?,
        None if keys.keys.len() == 1 => keys.keys.first()?,
        None => return None,
    };
    DecodingKey::from_jwk(key).ok()
}

async fn fetch(api: &Api, address: &str) -> Result<JwkSet, Problem> {
    let failed = |error: provider::ProviderError| {
        tracing::warn!(%error, "the issuer's keys could not be read");
        Problem::unauthenticated("The token's issuer did not answer with its keys.")
    };
    let unreadable =
        |detail: &str| provider::ProviderError::Unexpected { status: None, detail: detail.to_owned() };
    let url = Url::parse(address).map_err(|_| failed(unreadable("address")))?;
    let http = &api.platform.http;
    let answer =
        http.send_json("jwks", "get_keys", http.get(url), Duration::from_secs(5)).await.map_err(failed)?;
    if !answer.status.is_success() {
        return Err(failed(answer.error(None, "")));
    }
    serde_json::from_slice(&answer.bytes).map_err(|_| failed(unreadable("keys")))
}

/// Has the library check signatures with ring; done once in a process.
fn use_ring() {
    static RING: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    // It fails if it was done before, which is as good.
    let _ = RING.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library's signature")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::RS256 | Algorithm::ES256 => {
            Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() }))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let checked = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = ring_signature::RsaPublicKeyComponents { n, e };
                key.verify(&ring_signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                let key =
                    ring_signature::UnparsedPublicKey::new(&ring_signature::ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signature)
            }
            _ => return Err(SignatureError::new()),
        };
        checked.map_err(|_| SignatureError::new())
    }
}
