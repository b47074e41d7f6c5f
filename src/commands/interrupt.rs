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

/// Listens until it is dropped. A command has one from its first step that can be stopped to its last
/// ([`crate::commands::session::Session::interrupt`]), so that a signal between two steps is not lost.
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
    signal: Arc<AtomicU8>,
    notify: Arc<Notify>,
    listener: tokio::task::JoinHandle<()>,
}

impl Interrupt {
    pub(super) fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let asked = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicU8::new(INTERRUPT));
        let notify = Arc::new(Notify::new());
        let (flag, which, came) = (Arc::clone(&asked), Arc::clone(&number), Arc::clone(&notify));
        let listener = tokio::spawn(async move {
            let received = tokio::select! {
                _ = interrupt.recv() => INTERRUPT,
                _ = terminate.recv() => TERMINATE,
            };
            which.store(received, Ordering::Relaxed);
            flag.store(true, Ordering::Relaxed);
            came.notify_one();
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Asked twice; the ledger is whole at any moment.
            std::process::exit(128 + i32::from(received));
        });
        Ok(Self { asked, signal: number, notify, listener })
    }

    /// Becomes true when a signal came.
    pub(super) fn asked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// The signal that has come, if one has.
    pub(super) fn came(&self) -> Option<u8> {
        self.asked.load(Ordering::Relaxed).then(|| self.signal())
    }

    /// Waits for a signal, as the error that a command ends with; one that came before counts.
    pub(super) async fn received(&self) -> Interrupted {
        if self.came().is_none() {
            self.notify.notified().await;
        }
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

/// Ends the program at the first signal, until it is dropped: for what comes after the work.
pub(super) struct AtOnce(tokio::task::JoinHandle<()>);

impl AtOnce {
    pub(super) fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(Self(tokio::spawn(async move {
            let received = tokio::select! {
                _ = interrupt.recv() => INTERRUPT,
                _ = terminate.recv() => TERMINATE,
            };
            std::process::exit(128 + i32::from(received));
        })))
    }
}

impl Drop for AtOnce {
    fn drop(&mut self) {
        self.0.abort();
    }
}
