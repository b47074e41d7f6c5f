//! What gateways have in common: an address of their own on loopback, and passing on what they are asked.

use std::net::TcpListener;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use tieout::net::http::HttpTransport;
use tieout::net::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// Serves on a free port for as long as the test runs; gives the address.
pub fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    url
}

/// Whoever is behind a gateway.
pub struct Target {
    url: String,
    transport: HttpTransport,
}

impl Target {
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), transport: HttpTransport::new() }
    }

    /// The same request to the target.
    pub fn onward(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> HttpRequest {
        let mut onward = HttpRequest::new(method, format!("{}{path}", self.url));
        for (name, value) in headers.iter().filter(|(name, _)| *name != "content-length") {
            onward = onward.header(name.as_str(), value.to_str().unwrap());
        }
        if body.is_empty() { onward } else { onward.body(body.to_vec()) }
    }

    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.transport.send(request).await
    }
}

/// The method of what was asked.
pub fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PATCH" => Method::Patch,
        "PUT" => Method::Put,
        _ => Method::Delete,
    }
}

/// The target's answer as the gateway's own.
pub fn back(answer: HttpResponse) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        if !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.body)).unwrap()
}
