//! Paths, verbs, headers, credentials and queries, as a client meets them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http_body_util::BodyExt;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use tower::ServiceExt;

use super::super::{Algorithm, ClientSetup, Fault, TokenSetup};
use super::*;

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Answer {
    fn detail(&self) -> &str {
        self.body["o:errorDetails"][0]["detail"].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(netsuite: &NetSuite, request: Request<Body>) -> Answer {
    let response = netsuite.router().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

/// One request with a good token; `path` below `/services/rest/`.
async fn call(
    c: &Company,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/services/rest/{path}"))
        .header("host", "localhost:9")
        .header("authorization", format!("Bearer {}", c.netsuite.issue_token()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&c.netsuite, request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let c = Company::new();
    let body = c.invoice("in_1", json!(12.5)).to_string().replace("tranDate", "trandate");
    let made = call(&c, "POST", "record/v1/INVOICE", &[], &body).await;
    assert_eq!(made.status, StatusCode::NO_CONTENT);
    let id = made.header("location").rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        made.header("location"),
        format!("http://localhost:9/services/rest/record/v1/invoice/{id}")
    );

    let read = call(&c, "GET", "record/v1/invoice/eid:IN_1?expandSubResources=true", &[], "").await;
    assert_eq!(read.header("content-type"), "application/vnd.oracle.resource+json; type=singular");
    assert_eq!(read.body["total"], json!(12.5));
    assert_eq!(read.body["tranDate"], "2026-06-01");
    assert_eq!(read.body["currency"]["refName"], "USD");
    assert_eq!(read.body["postingPeriod"]["refName"], "Jun 2026");
    assert_eq!(read.body["item"]["totalResults"], 1);
    assert_eq!(read.body["item"]["items"][0]["item"]["refName"], "Plan");

    let path = format!("record/v1/invoice/{id}");
    let patched = call(&c, "PATCH", &path, &[], r#"{"memo":"new","otherRefNum":"7"}"#).await;
    assert_eq!(patched.status, StatusCode::NO_CONTENT);
    let read = call(&c, "GET", &format!("{path}?fields=memo,externalId"), &[], "").await;
    let fields: Vec<&str> = read.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["externalId", "links", "memo"]);

    assert_eq!(call(&c, "DELETE", &path, &[], "").await.status, StatusCode::NO_CONTENT);
    let gone = call(&c, "GET", &path, &[], "").await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        gone.detail(),
        "Error while accessing a resource. Transaction type specified is incorrect."
    );
    let gone = call(&c, "GET", "record/v1/invoice/eid:in_1", &[], "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_upsert_creates_once_and_then_adds_lines_unless_told_to_replace() {
    let c = Company::new();
    let body = json!({"entity": {"externalId": "cus_1"}, "tranDate": "2026-06-01",
        "item": {"items": [{"item": {"externalId": "price_1"}, "amount": 5}]}})
    .to_string();
    for (query, total) in [("", 5), ("", 10), ("?replace=item", 5)] {
        let put = call(&c, "PUT", &format!("record/v1/invoice/eid:in_9{query}"), &[], &body).await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "{}", put.body);
        let read = call(&c, "GET", "record/v1/invoice/eid%3Ain_9", &[], "").await;
        assert_eq!(read.body["total"].as_f64(), Some(f64::from(total)));
    }
    let listed = call(&c, "GET", "record/v1/invoice?q=externalId%20IS%20%22in_9%22", &[], "").await;
    assert_eq!((&listed.body["count"], &listed.body["hasMore"]), (&json!(1), &json!(false)));
    let quoted = call(&c, "GET", "record/v1/invoice?q=externalId%20IS%20'in_9'", &[], "").await;
    assert_eq!(quoted.detail(), "Invalid search query. Provide a valid search query.");
    assert_eq!(quoted.body["o:errorDetails"][0]["o:errorQueryParam"], "q");
}

#[tokio::test]
async fn errors_have_the_documented_envelope() {
    let c = Company::new();
    let missing = call(&c, "GET", "record/v1/customer/-1", &[], "").await;
    assert_eq!(
        missing.body,
        json!({
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html", "title": "Not Found", "status": 404,
        "o:errorDetails": [{"detail": "The record instance does not exist. Provide a valid record instance ID.",
            "o:errorCode": "NONEXISTENT_ID"}]})
    );
    let wrong = call(&c, "GET", "record/v1/bad-path", &[], "").await;
    assert_eq!(wrong.detail(), "Record type 'bad-path' does not exist");
    let bad = call(&c, "POST", "record/v1/customer", &[], "bad body").await;
    assert_eq!(bad.detail(), "Invalid content in the request body");
    let url = call(&c, "GET", "record/v1", &[], "").await;
    assert_eq!(url.body["o:errorDetails"][0]["o:errorCode"], "INVALID_URL");
}

#[tokio::test]
async fn unknown_properties_are_dropped_unless_the_client_asks_for_strictness() {
    let c = Company::new();
    let body = r#"{"companyName":"Typo Ltd","emial":"a@b","custentity_tier":"x"}"#;
    let strict = [("x-netsuite-propertynamevalidation", "Error")];
    let refused = call(&c, "POST", "record/v1/customer", &strict, body).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.body["o:errorDetails"][0]["o:errorPath"], "emial");
    let lenient = call(&c, "POST", "record/v1/customer", &[], body).await;
    assert_eq!(lenient.status, StatusCode::NO_CONTENT);
    assert!(lenient.header("warning").contains("emial"));
}

#[tokio::test]
async fn a_request_without_a_good_credential_gets_nowhere() {
    let c = Company::new();
    let get = |authorization: Option<String>| {
        let mut request = Request::builder().uri("/services/rest/record/v1/customer/501");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.body(Body::empty()).unwrap()
    };
    let none = send(&c.netsuite, get(None)).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(none.body["o:errorDetails"][0]["o:errorCode"], "INVALID_LOGIN");
    let bad = send(&c.netsuite, get(Some("Bearer nonsense".into()))).await;
    assert_eq!(
        bad.header("www-authenticate"),
        "Bearer realm=\"TSTDRV_DEMO\", error=\"invalid_token\", error_description=\"Invalid login attempt.\""
    );
    let token = format!("Bearer {}", c.netsuite.issue_token());
    assert_eq!(send(&c.netsuite, get(Some(token.clone()))).await.status, StatusCode::OK);
    c.netsuite.set_clock(Arc::new(FixedClock(UnixTime(NOW + 3600))));
    assert_eq!(send(&c.netsuite, get(Some(token))).await.status, StatusCode::UNAUTHORIZED);
}

/// A client with a fresh key, and what signs its assertions.
fn client() -> (ClientSetup, impl Fn(Value, Value) -> String) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    let setup = ClientSetup {
        client_id: "client".into(),
        certificate_id: "certificate".into(),
        algorithm: Algorithm::Es256,
        public_key: BASE64_STANDARD.encode(pair.public_key().as_ref()),
    };
    let sign = move |header: Value, claims: Value| {
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = pair.sign(&random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    };
    (setup, sign)
}

#[tokio::test]
async fn a_signed_assertion_buys_a_token_and_a_wrong_one_does_not() {
    let (client, sign) = client();
    let netsuite = NetSuite::open(None, &Setup::demo().with_client(client)).unwrap();
    netsuite.set_clock(Arc::new(FixedClock(UnixTime(NOW))));
    let header = json!({"typ": "JWT", "alg": "ES256", "kid": "certificate"});
    let audience =
        "https://tstdrv-demo.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token";
    let claims = json!({"iss": "client", "scope": ["rest_webservices"], "aud": audience, "iat": NOW, "exp": NOW + 3000});
    let ask = async |assertion: String| {
        let form = format!(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
        );
        let request = Request::post("/services/rest/auth/oauth2/v1/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        send(&netsuite, request).await
    };
    let good = ask(sign(header.clone(), claims.clone())).await;
    assert_eq!((good.status, &good.body["token_type"]), (StatusCode::OK, &json!("Bearer")));
    let wrong = [
        (json!({"aud": "https://example.com"}), "invalid_grant"),
        (json!({"iss": "somebody"}), "invalid_client"),
        (json!({"exp": NOW + 3601}), "invalid_grant"),
        (json!({"iat": NOW - 3000, "exp": NOW}), "invalid_grant"),
        (json!({"scope": "restlets"}), "invalid_scope"),
    ];
    for (change, error) in wrong {
        let refused =
            ask(sign(header.clone(), Company::with(claims.clone(), change.clone()))).await;
        assert_eq!(
            (refused.status, &refused.body["error"]),
            (StatusCode::BAD_REQUEST, &json!(error)),
            "{change}"
        );
    }
    let mut forged = sign(header.clone(), claims.clone()).into_bytes();
    let at = forged.len() - 10;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    assert_eq!(ask(String::from_utf8(forged).unwrap()).await.body["error"], "invalid_grant");
    let weak = Company::with(header, json!({"alg": "none"}));
    assert_eq!(ask(sign(weak, claims)).await.body["error"], "invalid_grant");
}

#[tokio::test]
async fn more_requests_than_the_limit_are_turned_away() {
    let c = Company::new();
    c.netsuite.set_concurrency(1);
    c.netsuite.set_latency_ms(1);
    let get = || call(&c, "GET", "record/v1/currency/1", &[], "");
    let (first, second) = tokio::join!(get(), get());
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second.body["o:errorCode"], "USER_ERROR");
    assert_eq!(second.body["o:errorDetails"][0]["o:errorCode"], "CONCURRENCY_LIMIT_EXCEEDED");
    assert_eq!(get().await.status, StatusCode::OK, "the seat was not given back");
    assert_eq!(c.netsuite.requests_served(), 3);
    let limits = call(&c, "GET", "system/v1/governanceLimits", &[], "").await;
    assert_eq!(limits.body["accountConcurrencyLimit"], 1);
}

#[tokio::test]
async fn an_error_after_the_fact_leaves_the_record_there() {
    let c = Company::new();
    c.netsuite.spoil_next(Fault::ErrorAfter);
    c.netsuite.spoil_next(Fault::ErrorBefore);
    for (external_id, there) in [("in_1", true), ("in_2", false)] {
        let body = c.invoice(external_id, json!(1)).to_string();
        let answer = call(&c, "POST", "record/v1/invoice", &[], &body).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(c.netsuite.find(Kind::Invoice, external_id).unwrap().is_some(), there);
    }
}

#[tokio::test]
async fn queries_page_and_explain_what_is_wrong() {
    let c = Company::new();
    for n in 0..5 {
        c.make(Kind::Invoice, c.invoice(&format!("in_{n}"), json!(n)));
    }
    let ask = async |page: &str, q: &str, params: Value| {
        let body = json!({"q": q, "params": params}).to_string();
        call(&c, "POST", &format!("query/v1/suiteql{page}"), &[("prefer", "transient")], &body)
            .await
    };
    let q = "SELECT t.id AS ID, t.externalid, t.duedate FROM transaction t WHERE t.foreigntotal > ? ORDER BY t.id";
    let page = ask("?limit=2&offset=2", q, json!(["0"])).await;
    assert_eq!(
        (&page.body["count"], &page.body["totalResults"], &page.body["hasMore"]),
        (&json!(2), &json!(4), &json!(false))
    );
    assert_eq!(page.body["items"][1]["externalid"], "in_4");
    assert!(
        page.body["items"][1]["id"].is_string() && page.body["items"][1].get("duedate").is_none()
    );
    for bad in ["?limit=0", "?limit=1001", "?limit=2&offset=3"] {
        assert_eq!(ask(bad, q, json!(["0"])).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let unknown = ask("", "select not_existing_field from customer", json!([])).await;
    assert!(
        unknown.detail().contains("Search error occurred: Unknown identifier 'not_existing_field'"),
        "{}",
        unknown.detail()
    );
    let table = ask("", "select id from nothing", json!([])).await;
    assert!(table.detail().ends_with("Invalid search type: nothing."));
    let body = json!({"q": "SELECT id FROM item"}).to_string();
    let without = call(&c, "POST", "query/v1/suiteql", &[], &body).await;
    assert_eq!(without.body["o:errorDetails"][0]["o:errorHeader"], "Prefer");
}

#[tokio::test]
async fn the_drift_checks_queries_run() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    let payment = c.make(Kind::CustomerPayment, c.payment("ch_1", json!(10), apply));
    let rows = c.query(
        "SELECT t.id, t.externalid, t.type, t.tranid, t.status, BUILTIN.DF(t.status) AS statusname,
           TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate, t.postingperiod, t.posting, t.entity,
           t.currency, t.exchangerate, t.foreigntotal,
           TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lastmod
         FROM transaction t WHERE t.externalid LIKE 'in_%' AND t.trandate >= TO_DATE('2026-06-01','YYYY-MM-DD') ORDER BY t.id",
    );
    assert_eq!(
        (&rows[0]["statusname"], &rows[0]["trandate"]),
        (&json!("Invoice : Paid In Full"), &json!("2026-06-01"))
    );
    assert_eq!(rows[0]["lastmod"], "2026-06-15 12:00:00");
    let rows = c.query(
        "SELECT tal.transaction, tal.account, SUM(NVL(tal.debit,0)) AS dr, SUM(NVL(tal.credit,0)) AS cr
         FROM transactionaccountingline tal JOIN transaction t ON t.id = tal.transaction
         WHERE tal.posting = 'T' AND tal.accountingbook = (SELECT id FROM accountingbook WHERE isprimary='T')
         GROUP BY tal.transaction, tal.account",
    );
    assert_eq!(rows.len(), 4);
    let rows =
        c.query("SELECT l.nextdoc, l.linktype, l.foreignamount FROM nexttransactionlinelink l");
    assert_eq!(
        rows,
        [
            json!({"links": [], "nextdoc": payment.to_string(), "linktype": "Payment", "foreignamount": "10"})
        ]
    );
    let rows = c.query(
        "SELECT tal.account, SUM(tal.amount) AS amount FROM transactionaccountingline tal
         JOIN account a ON a.id = tal.account JOIN transaction t ON t.id = tal.transaction
         WHERE a.sspecacct = 'UndepFunds' AND tal.posting = 'T' GROUP BY tal.account",
    );
    assert_eq!(rows[0]["amount"], "10");
    assert_eq!(
        c.query(
            "SELECT TOP 1 id, periodname FROM accountingperiod WHERE isquarter='F' ORDER BY id"
        )[0]["periodname"],
        "Jan 2024"
    );
}

#[test]
fn a_file_keeps_its_books_between_runs_and_belongs_to_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netsuite.db");
    let open = |setup: &Setup| NetSuite::open(Some(&path), setup);
    let body = r#"{"externalId":"cus_1","companyName":"Acme"}"#;
    let id = open(&Setup::demo()).unwrap().create(Kind::Customer, body).unwrap();
    let again = open(&Setup::demo()).unwrap();
    assert_eq!(again.find(Kind::Customer, "cus_1").unwrap(), Some(id));
    let other = Setup { account_id: "OTHER".into(), ..Setup::demo() };
    assert!(open(&other).is_err());
}

#[tokio::test]
async fn a_signed_request_is_good_once() {
    let token = TokenSetup {
        consumer_key: "ck".into(),
        consumer_secret: "cs".into(),
        token_id: "tk".into(),
        token_secret: "ts".into(),
    };
    let netsuite = NetSuite::open(None, &Setup::demo().with_token(token)).unwrap();
    netsuite.set_clock(Arc::new(FixedClock(UnixTime(NOW))));
    let path = "/services/rest/record/v1/currency";
    let query = "limit=1&q=externalId%20IS%20%22a%22";
    let request = |nonce: &str, query: &str| {
        // Spelled out here, so that the server's own signing is not what judges it.
        let params = format!(
            "limit%3D1%26oauth_consumer_key%3Dck%26oauth_nonce%3D{nonce}%26oauth_signature_method%3DHMAC-SHA256\
             %26oauth_timestamp%3D{NOW}%26oauth_token%3Dtk%26oauth_version%3D1.0%26q%3DexternalId%2520IS%2520%2522a%2522"
        );
        let base = format!("GET&http%3A%2F%2Flocalhost%3A9{}&{params}", path.replace('/', "%2F"));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"cs&ts");
        let signature = BASE64_STANDARD.encode(ring::hmac::sign(&key, base.as_bytes()));
        let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let header = format!(
            "OAuth realm=\"TSTDRV_DEMO\", oauth_token=\"tk\", oauth_consumer_key=\"ck\", oauth_nonce=\"{nonce}\", \
             oauth_timestamp=\"{NOW}\", oauth_signature_method=\"HMAC-SHA256\", oauth_version=\"1.0\", oauth_signature=\"{signature}\""
        );
        Request::get(format!("{path}?{query}"))
            .header("host", "localhost:9")
            .header("authorization", header)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(send(&netsuite, request("nonce-1", query)).await.status, StatusCode::OK);
    assert_eq!(send(&netsuite, request("nonce-1", query)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        send(&netsuite, request("nonce-2", "limit=2")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(send(&netsuite, request("short", query)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_real_socket_is_served() {
    use std::io::{Read, Write};
    let netsuite = NetSuite::open(None, &Setup::demo()).unwrap();
    let token = netsuite.issue_token();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(netsuite.serve(listener));
    let answer = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        write!(socket, "GET /services/rest/record/v1/account/101 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    server.abort();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"acctNumber\":\"1000\""),
        "{answer}"
    );
}

#[tokio::test]
async fn a_sublist_can_be_read_by_itself() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(5)));
    let lines = call(&c, "GET", "record/v1/invoice/eid:in_1/item", &[], "").await;
    assert_eq!(lines.body["items"][0]["amount"], 5);
    assert_eq!(call(&c, "GET", "record/v1/account", &[], "").await.body["totalResults"], 36);
}
