//! Keys that were made for tests and open nothing.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// A new P-256 key as PKCS#8 PEM.
pub fn p256() -> String {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

/// [`RSA_PKCS8`] in the older form, which is what PKCS#8 wraps.
pub fn rsa_pkcs1() -> String {
    let body: String = RSA_PKCS8.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(body).unwrap();
    pem("RSA PRIVATE KEY", &der[PKCS8_WRAPPER_BYTES..])
}

pub fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

/// What PKCS#8 puts before an RSA key of 2048 bits.
const PKCS8_WRAPPER_BYTES: usize = 26;

/// RSA, 2048 bits.
pub const RSA_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDGIju5J176e+fA
NvLhHFg8XeSQdDJNSXz//GfBPF5qR7Lx5r1yagb2mL9ubailISvqhtjHg7SpSwZR
Y1KDIr79eOhft7gZpuJv0sSe3Vnauxp/WVP94+oSErCtUBtMVnROQpXyt4WS01e3
7R9WZBCZ95y6hqg0A6WeT4IOMIbunQNhi9vm1PnBQlPkFLnt7HQrBlMJ75i31At8
FAN+SuoERVe3k1BPTishT2rhmiOngK2U0N+BJiwjUVhTM99FkwfTmEZh7o6tAph5
kqhsi1FL3CTARbp9dW8PsOte7IJTKlnbM6x/NedVB+hKD9yityj80P1plmHQdk6l
5TRbqY7jAgMBAAECggEAHFlPlElm1I4f9aenDsCAe3qvtl95xwcpxHK34bUiiTBj
ESuDlbhH8MagNUupYp8hangK0lks40Ah0klUyACTtS60iOV/iOQQ6BEPIu/m6F33
B5ufYedXWWilMNcSYNTJ5Vyvmb/ac8ybc2yRHEpK+cys9x9HN9IBw2n64M7er4s0
07OvxY/KC9ZzSXZmEEdZmBPLxYBe+mM0epHaGSP38ey8UfQKjeRAXL8zKBa6Ql9D
nHvL5lAIeYPKERqq22dIEbc3jeLAFUwDLpeqifaytEAeveVe24lpNPQDZNYf0Zn+
CFS4fNPV4rrCvL9w4bYd24/RugNjH7l5nHyXVJp9CQKBgQD711r+6hIzTi8DJQUX
hD3QliE7g6SQL1np8EhVxadTk69nZpXLK4NzG2ck7xu7dMhaKTnW/bHlIqjVQhkL
Ldy0VVdfdMIa0/Z4nBqpk5a4UsRXfJXSZK6/sXOAXYQe0GrD6g4BJdtu/TRmwFeI
iSqqeV9Fm2hojalWQx2++fBdvQKBgQDJZ9UXmHE2As0DKONBleX0N3X0TGJVzRQ/
eVTK4PXluW7dUs9CMzHhvSKeJfyAB28UAd62/X2luLacUrBNOXrFJYuW/J4bVlQM
kv8FmdRWR0mSS00Ol++krv1jVouBy3uk1uP2DnVXihHEOFTTuiHla0qyfH4LFdjd
P/cMg43ZHwKBgQC5VMl1UQJl2UKFmOe/X6Ux7Fm2d3FSXlZX72j8HgG+Yq+xc3AG
3RXWTrNAHeqVsCKFH1OeYIJa8n+2uPa/IFgMKcWrzLvPjG8UYSTJ6IABU3+ENn33
H/rtvQQX0joZhx0a4hK+S4LJkfLPLvr70p2gaMNw8SYL0zxr6+ZnFX4LLQKBgQCU
5DbLT7354M4wlMyUUr2B8nI33TQhHA/o8Mh3hyEh6BkGc06XMQOiT1FFOu3UtCow
z0UXYIS/u7L8E8EUBfc1wZDVWQGFUiemeBEh0dwAwIiqJxLbRAU8aMUX6AYQOR65
+Mbjw0KKKZ8CwWYsdADU+qFpG9GOXmNJBR2c2bBGnwKBgQCnTDVrBP5+/xvTE+PD
flh5FIuvoCAdlFGrfSl04FhsVaJVaq8ybam8EXLN/Z8nUZRLi5Uevy54/yqb+Z8k
bY3EGt/1L+pxhSgkLPUPnJmL5NwAMW0nFmnyCV7/i7aO6yb0PwXvlZFimCzy+hQe
RKviuOCcIZf9WS/f4355vgMVow==
-----END PRIVATE KEY-----
";
