//! Builds the operators' pages into `hmi/dist`, where the controller embeds them, when they are missing or older than their
//! sources. Needs Node then; a tree that comes with a fresh `hmi/dist` does not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// Oldest Node that the tools of the pages run on.
const NODE_MIN: u32 = 20;
/// What lies in `hmi` and is not a source.
const NOT_SOURCES: &[&str] = &["node_modules", "dist"];

fn main() {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    if let Err(message) = bring_up_to_date(&root.join("hmi")) {
        for line in message.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn bring_up_to_date(hmi: &Path) -> Result<(), String> {
    let package_lock = hmi.join("package-lock.json");
    let page = hmi.join("dist/index.html");
    println!("cargo::rerun-if-changed={}", page.display());
    let sources = sources(hmi).map_err(|error| format!("{}: {error}", hmi.display()))?;
    for source in &sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    // Two builds with different target folders share `hmi`; the second waits and finds it done. The lock goes with the file
    // handle.
    let lock = File::open(&package_lock).map_err(|error| at(&package_lock, &error))?;
    lock.lock().map_err(|error| at(&package_lock, &error))?;
    let newest = sources.iter().filter_map(|source| newest(source).ok()).max();
    let newest = newest.unwrap_or(SystemTime::UNIX_EPOCH);
    if modified(&page).is_some_and(|built| built >= newest) {
        return Ok(());
    }
    check_node()?;
    let installed = modified(&hmi.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < modified(&package_lock) {
        npm(hmi, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(hmi, &["run", "build"])?;
    // As old as its sources: cargo takes a file that is newer than this run for a reason to run again.
    let built = File::options().append(true).open(&page).map_err(|error| at(&page, &error))?;
    built.set_modified(newest).map_err(|error| at(&page, &error))
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Files and folders of `hmi` that the pages are made from.
fn sources(hmi: &Path) -> io::Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(hmi)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !NOT_SOURCES.contains(&name.as_ref()) {
            sources.push(entry.path());
        }
    }
    sources.sort();
    Ok(sources)
}

/// When anything in it changed last; a folder changes when a file goes.
fn newest(path: &Path) -> io::Result<SystemTime> {
    let about = fs::metadata(path)?;
    let mut newest_time = about.modified()?;
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            newest_time = newest_time.max(newest(&entry?.path())?);
        }
    }
    Ok(newest_time)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

fn check_node() -> Result<(), String> {
    let needed = format!(
        "Node {NODE_MIN} or newer is needed to build the HMI: install nodejs and npm (https://nodejs.org), \
         or put a built hmi/dist in place"
    );
    let version = Command::new("node").arg("--version").output();
    let version = version.map_err(|_| needed.clone())?;
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.trim();
    let major: Option<u32> =
        version.trim_start_matches('v').split('.').next().and_then(|word| word.parse().ok());
    match major {
        Some(major) if major >= NODE_MIN => Ok(()),
        Some(_) | None => Err(format!("{needed}; `node --version` says {version:?}")),
    }
}

fn npm(hmi: &Path, arguments: &[&str]) -> Result<(), String> {
    let words = arguments.join(" ");
    let Output { status, stdout, stderr } = Command::new("npm")
        .args(arguments)
        .current_dir(hmi)
        .env("NO_COLOR", "1")
        .output()
        .map_err(|error| format!("`npm {words}` did not start: {error}; install npm"))?;
    if status.success() {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    Err(format!("`npm {words}` in {} failed ({status})\n{stdout}{stderr}", hmi.display()))
}
