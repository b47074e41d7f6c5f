//! A transport for tests: hands requests to a router in this process, without sockets.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

/// Answers every request, whatever its host, from one router.
#[derive(Debug, Clone)]
pub struct InProcess(pub Router);

impl Transport for InProcess {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let router = self.0.clone();
        Box::pin(async move {
            let mut outgoing =
                Request::builder().method(request.method.as_str()).uri(request.url.as_str());
            for (name, value) in &request.headers {
                outgoing = outgoing.header(name, value);
            }
            let body = Body::from(request.body.unwrap_or_default());
            let outgoing = outgoing.body(body).expect("tests build valid requests");
            let Ok(answer) = router.oneshot(outgoing).await;
            let status = answer.status().as_u16();
            let text = |value: &axum::http::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            let headers =
                answer.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
            let headers = headers.collect();
            // A router whose body stream fails stands for a connection that broke.
            match answer.into_body().collect().await {
                Ok(body) => Ok(HttpResponse { status, headers, body: body.to_bytes().to_vec() }),
                Err(error) => Err(TransportError::InDoubt {
                    host: "in-process".into(),
                    cause: error.to_string(),
                }),
            }
        })
    }
}
