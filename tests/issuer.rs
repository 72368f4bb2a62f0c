//! Whoever signs a tenant's tokens, with its keys on loopback.

use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An issuer with one ES256 key.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    name: String,
    key: EcdsaKeyPair,
}

impl Issuer {
    /// One that serves its keys.
    pub async fn start() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let point = key.public_key().as_ref();
        let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256", "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..65])}]});
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let router = Router::new().fallback(async || Json(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, name: "https://id.example".to_owned(), key }
    }

    /// The same under another name: an installation knows each issuer once.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: format!("https://{name}.example"), ..self }
    }

    /// What `PUT /admin/jwt-issuer` takes.
    pub fn settings(&self) -> Value {
        json!({"issuer": self.name, "jwks_url": self.url,
            "audience": "frontdesk", "role_claim": "fd_role"})
    }

    /// A token for this person in this role, good for ten minutes.
    pub fn bearer(&self, subject: &str, role: &str, now: Timestamp) -> String {
        let exp = now.as_second() + 600;
        let claims =
            json!({"iss": self.name, "aud": "frontdesk", "sub": subject, "exp": exp, "fd_role": role});
        self.token(&claims)
    }

    /// A token that says whatever is wanted.
    pub fn token(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed =
            format!("{}.{}", part(&json!({"alg": "ES256", "typ": "JWT", "kid": "k1"})), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
