//! The controller as a program.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::obey() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sweetspring: {}", said_once(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes; one that its effect has quoted is not said again.
fn said_once(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.ends_with(&cause) {
            said.push_str(": ");
            said.push_str(&cause);
        }
    }
    said
}
