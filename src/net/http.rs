//! The production transport: HTTP/1.1 over TLS with kept-alive connections.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;

use super::base_url::{host_of, is_loopback};
use super::transport::{
    BoxFuture, HttpRequest, HttpResponse, Method, RESPONSE_BYTES_MAX, Transport, TransportError,
};

/// Longer than any handshake that will still succeed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the idle time after which servers hang up, so that few requests meet a dead
/// connection.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// A page of a hundred large objects.
const BODY_HINT_MAX: usize = 4 * 1024 * 1024;

const CA_HINT: &str = "the certificate was not trusted: install the system's CA certificates \
     (package `ca-certificates`), or name a bundle in SSL_CERT_FILE";

/// Sends requests to other machines over TLS, through the proxy that `HTTPS_PROXY` names if any,
/// and to this machine directly.
///
/// Redirects are not followed: an API that answers with one is not the API that was meant.
#[derive(Debug, Default)]
pub struct HttpTransport {
    /// Built at the first request: it needs CA certificates, which a machine that only talks to
    /// itself may lack.
    public: OnceLock<Result<reqwest::Client, String>>,
    loopback: OnceLock<Result<reqwest::Client, String>>,
}

impl HttpTransport {
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        let built = if is_loopback(url) {
            self.loopback.get_or_init(|| build(builder().no_proxy().tls_certs_only([])))
        } else {
            self.public.get_or_init(|| build(builder()))
        };
        built
            .as_ref()
            .map_err(|cause| TransportError::NotSent { host: host_of(url), cause: cause.clone() })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = checked(&request.url)?;
        let host = host_of(&url);
        let mut outgoing =
            self.client(&url)?.request(method(request.method), url).timeout(request.timeout);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        if let Some(body) = request.body {
            outgoing = outgoing.body(body);
        }
        let answer = outgoing.send().await.map_err(|error| classify(&host, error))?;
        read_whole(&host, answer).await
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn builder() -> reqwest::ClientBuilder {
    // Fails only when a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_MAX)
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .user_agent(concat!("tieout/", env!("CARGO_PKG_VERSION")))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder.build().map_err(explain)
}

/// A second gate behind `BaseUrl`, for URLs that did not come from one.
fn checked(text: &str) -> Result<Url, TransportError> {
    let refused = |host: String, cause: &str| TransportError::NotSent { host, cause: cause.into() };
    let url = Url::parse(text).map_err(|_| refused("an unreadable URL".into(), "not a URL"))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        Ok(url)
    } else {
        Err(refused(host_of(&url), "plain http is only allowed to this machine"))
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

async fn read_whole(
    host: &str,
    mut answer: reqwest::Response,
) -> Result<HttpResponse, TransportError> {
    let status = answer.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    let headers =
        answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    // What the other side says of the length is a hint, and not trusted beyond a large page.
    let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(length.unwrap_or_default().min(BODY_HINT_MAX));
    while let Some(chunk) = answer.chunk().await.map_err(|error| classify(host, error))? {
        if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
            return Err(TransportError::InDoubt {
                host: host.to_owned(),
                cause: format!("the answer is larger than {RESPONSE_BYTES_MAX} bytes"),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status, headers, body })
}

/// Only a request that never had a connection, or could not be built, was surely not sent.
fn classify(host: &str, error: reqwest::Error) -> TransportError {
    let host = host.to_owned();
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent { host, cause: explain(error) }
    } else if error.is_timeout() {
        TransportError::InDoubt { host, cause: "no answer in time".into() }
    } else {
        TransportError::InDoubt { host, cause: explain(error) }
    }
}

/// The innermost causes in words; the URL is left out because its query may hold secrets.
fn explain(error: reqwest::Error) -> String {
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        cause = inner.to_string();
        source = inner.source();
    }
    if cause.to_lowercase().contains("certificate") || cause.contains("UnknownIssuer") {
        return format!("{cause}; {CA_HINT}");
    }
    if timed_out {
        return format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
    }
    cause
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// Answers one connection with the given pieces of text, then hangs up; returns what it read.
    fn server(answers: Vec<&'static [u8]>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            for answer in answers {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).unwrap();
                seen.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
                stream.write_all(answer).unwrap();
            }
            seen
        });
        (url, thread)
    }

    async fn send(url: &str) -> Result<HttpResponse, TransportError> {
        HttpTransport::new().send(HttpRequest::new(Method::Get, url)).await
    }

    #[tokio::test]
    async fn one_connection_carries_several_requests() {
        let ok = b"HTTP/1.1 200 OK\r\nRequest-Id: req_1\r\nContent-Length: 2\r\n\r\n{}";
        let (url, thread) = server(vec![ok, ok]);
        let transport = HttpTransport::new();
        for _ in 0..2 {
            let request = HttpRequest::new(Method::Get, &url).header("Stripe-Version", "v");
            let answer = transport.send(request).await.unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
            assert_eq!(answer.header("Request-Id"), Some("req_1"));
        }
        let seen = thread.join().unwrap();
        assert!(seen[1].contains("stripe-version: v"), "{}", seen[1]);
    }

    #[tokio::test]
    async fn a_refused_connection_was_surely_not_sent() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let error = send(&url).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
        assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
    }

    #[tokio::test]
    async fn a_connection_cut_inside_the_answer_leaves_doubt() {
        for cut in [b"".as_slice(), b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"id\""] {
            let (url, thread) = server(vec![cut]);
            let error = send(&url).await.unwrap_err();
            assert!(matches!(error, TransportError::InDoubt { .. }), "{error:?}");
            thread.join().unwrap();
        }
    }

    #[tokio::test]
    async fn a_failed_handshake_was_surely_not_sent() {
        let (url, thread) = server(vec![b"HTTP/1.1 400 Bad Request\r\n\r\n"]);
        let error = send(&url.replace("http://", "https://")).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (url, thread) = server(vec![
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        ]);
        assert_eq!(send(&url).await.unwrap().status, 302);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn plain_http_to_another_machine_is_refused_even_without_a_base_url() {
        let error = send("http://192.0.2.1/secret?key=1").await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent { .. }));
        assert!(!error.to_string().contains("key=1"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_leaves_doubt() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let request = HttpRequest::new(Method::Post, &url).timeout(Duration::from_millis(50));
        let error = HttpTransport::new().send(request).await.unwrap_err();
        assert!(matches!(error, TransportError::InDoubt { .. }), "{error:?}");
    }
}
