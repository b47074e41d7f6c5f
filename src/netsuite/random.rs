//! The one place where NetSuite requests get randomness from.

use ring::rand::{SecureRandom, SystemRandom};

/// The operating system's random source gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// 20 characters from 80 random bits: the length that Oracle calls ideal for a nonce, and enough
/// that no two of one second are ever equal.
pub fn nonce() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 10];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A number to spread retries with; without randomness they are not spread, which is harmless.
pub fn jitter() -> u64 {
    let mut bytes = [0_u8; 8];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::MAX,
    }
}
