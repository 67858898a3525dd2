//! The controller as a program.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::obey() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sweetspring: {error:#}");
            ExitCode::FAILURE
        }
    }
}
