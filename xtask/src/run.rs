//! Runs another program: its output goes to a log file, a sign of life is printed while it works, and
//! when it fails the end of the log is shown with one sentence on the likely cause.

use crate::{paths, say};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a long step shows that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How much of a log is shown when a step fails: a screen or two.
const TAIL_LINES: usize = 60;

/// What a finished program left behind.
pub(crate) struct Outcome {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// Everything it printed, both streams in order.
    pub(crate) log: PathBuf,
}

impl Outcome {
    /// The whole log.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

/// Runs `command` to its end; `name` names the log. An error means that it could not be started.
pub(crate) fn logged(name: &str, command: &mut Command) -> Result<Outcome> {
    let log = paths::state().join("log").join(format!("{}.log", file_name(name)));
    fs::create_dir_all(log.parent().context("a log has a folder")?)?;
    let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("cannot start `{program}`"))?;
    let (started, mut shown) = (Instant::now(), Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Outcome { status, log });
        }
        if shown.elapsed() >= SIGN_OF_LIFE {
            shown = Instant::now();
            say::detail(&format!("{}: {}", say::time(started.elapsed()), last_line(&log)));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs `command` and turns failure into an error with the end of its log.
pub(crate) fn checked(name: &str, command: &mut Command) -> Result<Outcome> {
    let outcome = logged(name, command)?;
    if !outcome.status.success() {
        bail!("{}", failure(name, &outcome));
    }
    Ok(outcome)
}

/// Why a program failed: one sentence where the cause is known, else the end of its log.
pub(crate) fn failure(name: &str, outcome: &Outcome) -> String {
    let text = outcome.text();
    let log = outcome.log.strip_prefix(paths::root()).unwrap_or(&outcome.log).display();
    match cause(&text) {
        Some(sentence) => format!("{name} failed. {sentence} (The log is {log}.)"),
        None => format!("{name} failed; the end of {log}:\n{}", tail(&text)),
    }
}

/// What a program printed on standard output, trimmed; nothing when it is missing or failed.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The remedy for failures that are not the project's own.
fn cause(log: &str) -> Option<&'static str> {
    let offline = [
        "Could not resolve host",
        "Couldn't resolve host",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ETIMEDOUT",
        "Temporary failure resolving",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "Could not connect to",
    ];
    let full = ["No space left on device", "ENOSPC"];
    if offline.iter().any(|sign| log.contains(sign)) {
        return Some("There is no network: connect this machine and run the same command again.");
    }
    full.iter().any(|sign| log.contains(sign)).then_some("The disk is full: make room and run the same command again.")
}

/// The last lines of a log.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The last line with something on it, short enough for one line of a terminal.
fn last_line(log: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let line = text.rsplit(['\n', '\r']).map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("working").chars().take(90).collect()
}

/// A name for a file: letters and digits, everything else a dash.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{cause, file_name, tail};

    #[test]
    fn a_missing_network_is_named() {
        let npm = "npm error code EAI_AGAIN\nnpm error request failed";
        assert!(cause(npm).is_some_and(|sentence| sentence.contains("no network")));
        assert_eq!(cause("error[E0308]: mismatched types"), None);
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let log: String = (0..100).map(|i| format!("line {i}\n")).collect();
        assert!(tail(&log).starts_with("line 40\n"));
        assert!(tail(&log).ends_with("line 99"));
        assert_eq!(tail("one"), "one");
    }

    #[test]
    fn a_claim_makes_a_file_name() {
        assert_eq!(file_name("clippy: all/members"), "clippy--all-members");
    }
}
