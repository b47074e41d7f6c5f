//! The one place where NetSuite requests get randomness from.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

/// The operating system's random source gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// 20 characters from 120 random bits: the length that Oracle calls ideal for a nonce.
pub fn nonce() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 15];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A number to spread retries with; without randomness they are not spread, which is harmless.
pub fn jitter() -> u64 {
    let mut bytes = [0_u8; 8];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::MAX,
    }
}
