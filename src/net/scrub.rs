//! Answers without the secrets that were sent.
//!
//! A server, or a proxy in between, may repeat what it was asked with: a key in the text of a refusal,
//! a whole request on a page about an error. From there it would come into messages, into the ledger
//! with the outcome of a request, and into every report about it. So it is taken out of the answer
//! before anybody reads it: one gate for both systems, and no place where an error is made can forget it.

use std::sync::Arc;

use super::redact::{REDACTED, Redactor, redact_shapes};
use super::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

/// Shorter texts are no secrets, and would blank out ordinary words.
const SECRET_CHARS_MIN: usize = 12;

/// Sends requests by another transport, and takes out of each answer what the request proved itself
/// with, and every secret that was registered.
pub struct Scrubbed {
    inner: Arc<dyn Transport>,
    redactor: Redactor,
}

impl Scrubbed {
    pub fn new(inner: Arc<dyn Transport>, redactor: Redactor) -> Self {
        Self { inner, redactor }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let own = Redactor::new();
        for proof in proofs(&request) {
            own.register(&proof.into());
        }
        match self.inner.send(request).await {
            Ok(answer) => Ok(self.clean(answer, &own)),
            Err(error) => Err(match error {
                TransportError::NotSent { host, cause } => {
                    TransportError::NotSent { host, cause: redact_shapes(&own.redact(&cause)) }
                }
                TransportError::InDoubt { host, cause } => {
                    TransportError::InDoubt { host, cause: redact_shapes(&own.redact(&cause)) }
                }
            }),
        }
    }

    fn clean(&self, mut answer: HttpResponse, own: &Redactor) -> HttpResponse {
        let is_marked = self.redactor.is_in(&answer.body) || own.is_in(&answer.body);
        // What a success says is data, byte for byte, unless a secret is in it.
        if is_marked || !answer.is_success() {
            let text = String::from_utf8_lossy(&answer.body);
            let text = self.redactor.redact_known(&own.redact_known(&text));
            let text = if answer.is_success() { text } else { redact_shapes(&text) };
            answer.body = text.into_bytes();
        }
        for (_, value) in &mut answer.headers {
            *value = self.redactor.redact_known(&own.redact_known(value));
        }
        answer
    }
}

impl Transport for Scrubbed {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// What a request proves itself with: the words of its `Authorization`, and a signed assertion.
fn proofs(request: &HttpRequest) -> Vec<String> {
    let headers = request.headers.iter().filter(|(name, _)| name == "Authorization");
    let mut proofs: Vec<String> =
        headers.flat_map(|(_, value)| value.split([' ', ',', '"'])).map(str::to_owned).collect();
    let body = request.body.as_deref().and_then(|body| std::str::from_utf8(body).ok());
    let assertion =
        body.and_then(|body| body.split_once("client_assertion=")).map(|(_, rest)| rest);
    proofs.extend(assertion.map(|rest| rest.split('&').next().unwrap_or_default().to_owned()));
    proofs.retain(|proof| proof.len() >= SECRET_CHARS_MIN && !proof.contains(REDACTED));
    proofs
}

#[cfg(test)]
mod tests {
    use super::super::redact::SecretString;
    use super::super::transport::Method;
    use super::*;

    /// Repeats whatever it was sent, with a status.
    struct Echo(u16);

    impl Transport for Echo {
        fn send(
            &self,
            request: HttpRequest,
        ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            let said: Vec<String> =
                request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let body = request.body.unwrap_or_default();
            let text = format!(
                "{{\"said\": \"{}\"}} {}",
                said.join(" | "),
                String::from_utf8_lossy(&body)
            );
            let headers = vec![("x-echo".to_owned(), said.join(" "))];
            let answer = HttpResponse { status: self.0, headers, body: text.into_bytes() };
            Box::pin(async move {
                if answer.status == 0 {
                    let cause = String::from_utf8_lossy(&answer.body).into_owned();
                    return Err(TransportError::InDoubt { host: "h".into(), cause });
                }
                Ok(answer)
            })
        }
    }

    async fn answer(status: u16, registered: &str, request: HttpRequest) -> String {
        let redactor = Redactor::new();
        redactor.register(&SecretString::from(registered));
        let sent = Scrubbed::new(Arc::new(Echo(status)), redactor).send(request).await;
        match sent {
            Ok(answer) => {
                let header = answer.header("x-echo").unwrap().to_owned();
                format!("{} {header}", String::from_utf8(answer.body).unwrap())
            }
            Err(error) => error.to_string(),
        }
    }

    /// An access token in a message would open the books to whoever reads the log.
    #[tokio::test]
    async fn what_a_request_proved_itself_with_does_not_come_back() {
        for status in [200, 400, 500, 0] {
            let request = HttpRequest::new(Method::Post, "http://127.0.0.1/")
                .header("Authorization", "Bearer tok-3n-of-the-nIGht")
                .header("X-Plain", "stays as it is")
                .body("grant=x&client_assertion=eyJhbGciOi.J9.c2ln&z=a+registered+one");
            let text = answer(status, "a+registered+one", request).await;
            assert!(!text.contains("tok-3n") && !text.contains("eyJ"), "{status}: {text}");
            assert!(status == 0 || !text.contains("a+registered"), "{status}: {text}");
            assert!(text.contains("stays as it is") && text.contains(REDACTED), "{text}");
        }
    }

    /// A signature is good for one request, and yet no text for a log.
    #[tokio::test]
    async fn a_signature_does_not_come_back() {
        let header = "OAuth realm=\"1\", oauth_signature=\"aBcD1234eFgH5678%3D\"";
        let request =
            HttpRequest::new(Method::Get, "http://127.0.0.1/").header("Authorization", header);
        let text = answer(401, "unused-secret", request).await;
        assert!(!text.contains("aBcD1234"), "{text}");
    }
}
