//! Our two signatures, judged by independent libraries.
//!
//! `TIEOUT_PEERS_PYTHON` names a Python that has `oauthlib`, `PyJWT` and `cryptography`; without
//! it there is nobody to ask and these tests pass. The scripts are in `tests/peers`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tieout::calendar::{Clock as _, SystemClock, UnixTime};
use tieout::net::transport::Method;
use tieout::netsuite::auth::m2m::{M2mCredentials, SigningKey};
use tieout::netsuite::auth::tba::TbaCredentials;
use tieout::sandbox::netsuite::{NetSuite, Setup, TokenSetup};
use tower::ServiceExt;

/// The answer of `tests/peers/<script> <verb>` to `input`; nothing when there is no Python to ask.
fn ask(script: &str, verb: &str, input: &Value) -> Option<Value> {
    let python = std::env::var_os("TIEOUT_PEERS_PYTHON")?;
    let script = format!("{}/tests/peers/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python)
        .args([&script, verb])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} {verb} failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

const URLS: [&str; 4] = [
    "https://123456-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/invoice",
    "https://123456-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/invoice/eid:in_1?fields=id",
    "https://123456-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/deposit/7?replace=payment,other",
    "https://123456-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql?limit=1000&offset=2000",
];

fn credentials() -> TbaCredentials {
    TbaCredentials {
        account: "123456_SB1".parse().unwrap(),
        consumer_key: "consumer-key".into(),
        consumer_secret: "consumer secret & more".into(),
        token_id: "token-id".into(),
        token_secret: "token+secret/=".into(),
    }
}

fn request(url: &str) -> Value {
    json!({
        "method": "POST", "url": url, "realm": "123456_SB1",
        "consumer_key": "consumer-key", "consumer_secret": "consumer secret & more",
        "token_id": "token-id", "token_secret": "token+secret/=",
    })
}

/// The parameters of an OAuth header, sorted: their order is free.
fn parameters(header: &str) -> Vec<String> {
    let mut list: Vec<String> =
        header.trim_start_matches("OAuth ").split(", ").map(str::to_owned).collect();
    list.sort();
    list
}

#[test]
fn oauthlib_signs_a_request_exactly_as_we_do() {
    for url in URLS {
        let mut input = request(url);
        input["nonce"] = "fjaLirsIcCGVZWzBX0pg".into();
        input["timestamp"] = "1700000000".into();
        let Some(answer) = ask("oauth1_check.py", "sign", &input) else { return };
        let ours = credentials().authorization(
            Method::Post,
            url,
            "fjaLirsIcCGVZWzBX0pg",
            UnixTime(1_700_000_000),
        );
        assert_eq!(parameters(&ours), parameters(answer["header"].as_str().unwrap()), "{url}");
    }
}

#[test]
fn oauthlibs_server_side_accepts_our_header_and_not_a_changed_request() {
    for url in URLS {
        let mut input = request(url);
        let now = SystemClock.now();
        let nonce = "fjaLirsIcCGVZWzBX0pg";
        input["header"] = credentials().authorization(Method::Post, url, nonce, now).into();
        let Some(answer) = ask("oauth1_check.py", "verify", &input) else { return };
        assert_eq!(answer["valid"], true, "{url}");
        input["url"] = format!("{url}{}more=1", if url.contains('?') { '&' } else { '?' }).into();
        let answer = ask("oauth1_check.py", "verify", &input).unwrap();
        assert_eq!(answer["valid"], false, "a query that was not signed was accepted");
    }
}

#[test]
fn pyjwt_verifies_our_assertions_for_every_form_of_key() {
    let Some(keys) = ask("jwt_check.py", "keys", &Value::Null) else { return };
    let audience = "https://123456.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token";
    for (form, key) in keys["accepted"].as_object().unwrap() {
        let (pem, algorithm) = (key[0].as_str().unwrap(), key[1].as_str().unwrap());
        let credentials = M2mCredentials {
            client_id: "client".into(),
            certificate_id: "certificate".into(),
            key: SigningKey::from_pem(pem).unwrap_or_else(|error| panic!("{form}: {error}")),
        };
        let assertion = credentials.assertion(audience, SystemClock.now(), "once").unwrap();
        let input = json!({
            "private_key": pem, "assertion": assertion, "algorithm": algorithm,
            "audience": audience,
        });
        let seen = ask("jwt_check.py", "verify", &input).unwrap();
        assert_eq!(seen["header"], json!({"typ": "JWT", "alg": algorithm, "kid": "certificate"}));
        assert_eq!(seen["claims"]["iss"], "client", "{form}");
        assert_eq!(seen["claims"]["scope"], json!(["rest_webservices"]));
    }
    for refused in keys["refused"].as_array().unwrap() {
        let (wanted, pem) = (refused[0].as_str().unwrap(), refused[1].as_str().unwrap());
        let error = SigningKey::from_pem(pem).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}

/// Sends a SuiteQL query with a header to an embedded NetSuite that knows the token; gives the
/// status.
fn status_of(header: &str, path_and_query: &str) -> u16 {
    let token = TokenSetup {
        consumer_key: "consumer-key".into(),
        consumer_secret: "consumer secret & more".into(),
        token_id: "token-id".into(),
        token_secret: "token+secret/=".into(),
    };
    let netsuite = NetSuite::open(None, &Setup::demo().with_token(token)).unwrap();
    let request = Request::post(path_and_query)
        .header("host", "localhost:9")
        .header("authorization", header)
        .header("prefer", "transient")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"q":"SELECT id FROM currency"}"#))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(netsuite.router().oneshot(request)).unwrap().status().as_u16()
}

#[test]
fn the_embedded_netsuite_accepts_what_oauthlib_signed_and_nothing_else() {
    let path = "/services/rest/query/v1/suiteql?limit=5&offset=0";
    let url = format!("http://localhost:9{path}");
    let mut input = request(&url);
    input["realm"] = "TSTDRV_DEMO".into();
    input["nonce"] = "fjaLirsIcCGVZWzBX0pg".into();
    input["timestamp"] = SystemClock.now().0.to_string().into();
    let Some(answer) = ask("oauth1_check.py", "sign", &input) else { return };
    let header = answer["header"].as_str().unwrap();
    assert_eq!(status_of(header, path), 200);
    assert_eq!(status_of(header, "/services/rest/query/v1/suiteql?limit=6&offset=0"), 401);
    input["token_secret"] = "another secret".into();
    let answer = ask("oauth1_check.py", "sign", &input).unwrap();
    assert_eq!(status_of(answer["header"].as_str().unwrap(), path), 401);
}
