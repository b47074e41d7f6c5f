//! A thread of the ledger's own that is waited for, because what it has open is closed with it.

use std::thread::{self, JoinHandle};

/// Waits for the thread when it is dropped. What tells the thread to end goes before it: fields are dropped in
/// their order.
pub(super) struct Joined(Option<JoinHandle<()>>);

impl Joined {
    pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(thread::spawn(work)))
    }

    /// Waits for it now. An error is its fault, which it is told once.
    pub(super) fn join(&mut self) -> thread::Result<()> {
        self.0.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // Its fault was told by the thread itself.
        let _ended = self.join();
    }
}
