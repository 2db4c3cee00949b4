//! `headmap`: the scores on the command line. The result goes to stdout and nothing else does.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match pollster::block_on(cli::run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("headmap: {e}");
            ExitCode::FAILURE
        }
    }
}
