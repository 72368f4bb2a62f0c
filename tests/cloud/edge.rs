//! What the gateway does by itself.

use http::Method;
use integration::Stage;
use testkit::Answer;

fn allowed(answer: &Answer) -> Option<&str> {
    answer.headers.get("access-control-allow-origin").and_then(|origin| origin.to_str().ok())
}

/// Pages of the allowed origins may ask, and no others.
#[tokio::test]
async fn pages_of_the_allowed_origins_may_ask() {
    let stage = Stage::deployed().await;
    let (client, origins) = (stage.client(None), &stage.stack().origins);
    assert_eq!(origins.len(), 2);
    let preflight = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-api-key,content-type"),
        ];
        client.send(Method::OPTIONS, "/leads", &headers, None).await
    };
    for origin in origins {
        let answer = preflight(origin).await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_eq!(allowed(&answer), Some(origin.as_str()));
        let methods = answer.headers["access-control-allow-methods"].to_str().unwrap();
        assert!(methods.contains("POST") && methods.contains("DELETE"), "{methods}");
        let headers = answer.headers["access-control-allow-headers"].to_str().unwrap();
        assert!(headers.contains("x-api-key") && headers.contains("idempotency-key"), "{headers}");
        let asked = client.send(Method::GET, "/health", &[("origin", origin)], None).await;
        assert_eq!(allowed(&asked), Some(origin.as_str()));
    }
    for stranger in
        ["https://evil.example.com", "http://crm.example.com", "https://crm.example.com.evil.test"]
    {
        assert_eq!(allowed(&preflight(stranger).await), None, "{stranger}");
        let asked = client.send(Method::GET, "/health", &[("origin", stranger)], None).await;
        assert_eq!(allowed(&asked), None, "{stranger}");
    }
}
