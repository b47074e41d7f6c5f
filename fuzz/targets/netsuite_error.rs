//! NetSuite's error answers: whatever they say, they become a class with a sentence.

use tieout::net::transport::HttpResponse;
use tieout::netsuite::error::NetSuiteError;
use tieout::netsuite::retry::Effect;

pub fn run(bytes: &[u8]) {
    let [first, second, body @ ..] = bytes else { return };
    let status = 300 + u16::from_be_bytes([*first, *second]) % 300;
    let response = HttpResponse { status, headers: Vec::new(), body: body.to_vec() };
    for effect in [Effect::Read, Effect::Write] {
        let error = NetSuiteError::from_response("invoice in_1", effect, &response);
        assert!(error.to_string().starts_with("invoice in_1: "));
        // Taken for "not there", a write in doubt would be sent twice.
        assert!(!(error.is_in_doubt() && error.is_transient()));
    }
}
