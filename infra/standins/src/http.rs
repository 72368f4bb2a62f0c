//! A request in the protocol of AWS's JSON services, without an SDK.

use axum::http::StatusCode;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Credentials are not checked by an engine, but it wants to see some.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260101/eu-west-1/dynamodb/aws4_request, \
     SignedHeaders=host, Signature=0";

/// Posts `body` to the operation `target` of the service at `address`; 502 if nobody is there.
pub(crate) async fn post(address: SocketAddr, target: &str, body: &str) -> (StatusCode, Value) {
    let Ok(answer) = exchange(address, target, body).await else {
        return (StatusCode::BAD_GATEWAY, Value::Null);
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

async fn exchange(address: SocketAddr, target: &str, body: &str) -> io::Result<String> {
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-target: {target}\r\nauthorization: {AUTHORIZATION}\r\n\
         x-amz-date: 20260101T000000Z\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
