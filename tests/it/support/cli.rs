//! The binary in a clean environment, and the embedded systems it talks to.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary in a folder, in a clean environment.
pub struct Tieout {
    folder: PathBuf,
}

impl Tieout {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the binary runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs the binary with an environment variable.
    pub fn run_with(&self, arguments: &[&str], name: &str, value: &str) -> Ran {
        let output = self.command(arguments).env(name, value).output().expect("the binary runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs the binary with standard output on a disk that is full.
    pub fn run_on_a_full_disk(&self, arguments: &[&str]) -> Ran {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
        let output = self.command(arguments).stdout(full).output().expect("the binary runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::new(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts the binary without waiting for its end.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
        command.args(arguments).current_dir(&self.folder).env_clear();
        command.env("COLUMNS", "100").env("NO_COLOR", "1");
        command
    }
}

/// `tieout sandbox`, ended when this is dropped. Its configuration is `tieout.toml` in the folder.
pub struct Sandbox {
    process: Child,
    pub stripe_url: String,
}

impl Sandbox {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// On the ports of Stripe and NetSuite, so that it can be where it was before.
    pub fn start_on(folder: &Path, ports: [u16; 2]) -> Self {
        let [stripe, netsuite] = ports.map(|port| port.to_string());
        Self::start_with(folder, &["--stripe-port", &stripe, "--netsuite-port", &netsuite])
    }

    /// Like [`Sandbox::start`], with more flags.
    pub fn start_with(folder: &Path, more: &[&str]) -> Self {
        let dir = folder.to_str().expect("a path of text");
        let mut process = Tieout::new(folder)
            .command(&[&["sandbox", "--dir", dir], more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let stdout = process.stdout.take().expect("piped above");
        let mut lines = BufReader::new(stdout).lines();
        let first = lines.next().expect("a line").expect("text");
        let stripe_url = first.strip_prefix("stripe ").expect("the address").to_owned();
        let _netsuite = lines.next();
        Self { process, stripe_url }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}
