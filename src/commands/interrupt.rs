//! A clean stop: the first signal asks for it, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// SIGINT, what Ctrl-C sends.
const INTERRUPT: u8 = 2;
/// SIGTERM, what a service manager sends.
const TERMINATE: u8 = 15;

/// Asked to stop by this signal while nothing was half done.
#[derive(Debug, thiserror::Error)]
#[error("interrupted\nhint: what was read is kept; the next pull completes it")]
pub(super) struct Interrupted(pub(super) u8);

/// Listens until it is dropped.
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
    signal: Arc<AtomicU8>,
    came: Arc<Notify>,
    listener: tokio::task::JoinHandle<()>,
}

impl Interrupt {
    pub(super) fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let asked = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicU8::new(INTERRUPT));
        let came = Arc::new(Notify::new());
        let (flag, which, notify) = (Arc::clone(&asked), Arc::clone(&number), Arc::clone(&came));
        let listener = tokio::spawn(async move {
            let received = tokio::select! {
                _ = interrupt.recv() => INTERRUPT,
                _ = terminate.recv() => TERMINATE,
            };
            which.store(received, Ordering::Relaxed);
            flag.store(true, Ordering::Relaxed);
            notify.notify_one();
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Asked twice; the ledger is whole at any moment.
            std::process::exit(128 + i32::from(received));
        });
        Ok(Self { asked, signal: number, came, listener })
    }

    /// Becomes true when a signal came.
    pub(super) fn asked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// Waits for a signal, as the error that a command ends with.
    pub(super) async fn received(&self) -> Interrupted {
        self.came.notified().await;
        Interrupted(self.signal())
    }

    /// Which signal it was.
    pub(super) fn signal(&self) -> u8 {
        self.signal.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
