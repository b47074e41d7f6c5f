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

    /// Runs the binary by another program, which gets it as its last arguments.
    pub fn run_by(&self, program: &[&str], arguments: &[&str]) -> Ran {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(env!("CARGO_BIN_EXE_tieout")).args(arguments);
        command.current_dir(&self.folder).env("COLUMNS", "100").env("NO_COLOR", "1");
        match command.output() {
            Ok(output) => Ran {
                code: output.status.code().unwrap_or(-1),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            },
            Err(error) => Ran { code: 127, stdout: String::new(), stderr: error.to_string() },
        }
    }

    /// Starts the binary without waiting for its end.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }

    /// Starts the binary with standard input that a test writes.
    pub fn start_to_answer(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
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
    pub netsuite_url: String,
}

/// A folder in memory where the machine has one: a killed process loses nothing that it has written,
/// whether or not a disk has it, and hundreds of kills need not wait for the disk.
pub fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().expect("a folder"))
}

/// A port that nobody has just now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

impl Sandbox {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
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
        let mut address = |name: &str| {
            let line = lines.next().expect("a line").expect("text");
            line.strip_prefix(name).expect("the address").trim().to_owned()
        };
        let (stripe_url, netsuite_url) = (address("stripe"), address("netsuite"));
        Self { process, stripe_url, netsuite_url }
    }
}

impl Sandbox {
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}
