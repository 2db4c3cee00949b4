//! `wasm-bindgen IN.wasm --target web --out-dir DIR --out-name NAME --no-typescript`, and `--version`.
//!
//! The program of that name also holds a test runner with an HTTP server and client, which take longer to compile than
//! all the rest. These options are what scripts/build/wasm.mjs gives it; no others are known.

use std::path::PathBuf;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

struct Args {
    input: PathBuf,
    out_dir: PathBuf,
    out_name: String,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args == ["--version"] {
        println!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    match read(&args).and_then(|args| write(&args).map_err(|e| format!("{e:?}"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("headmap-bindgen: {e}");
            ExitCode::FAILURE
        }
    }
}

fn read(args: &[String]) -> Result<Args, String> {
    match args {
        [input, target, web, out_dir, dir, out_name, name, no_typescript]
            if [target, web, out_dir, out_name, no_typescript]
                == ["--target", "web", "--out-dir", "--out-name", "--no-typescript"] =>
        {
            Ok(Args {
                input: input.into(),
                out_dir: dir.into(),
                out_name: name.clone(),
            })
        }
        _ => Err("usage: headmap-bindgen IN.wasm --target web --out-dir DIR --out-name NAME --no-typescript".into()),
    }
}

fn write(args: &Args) -> Result<(), impl std::fmt::Debug> {
    Bindgen::new()
        .input_path(&args.input)
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .out_name(&args.out_name)
                .typescript(false)
                .generate(&args.out_dir)
        })
}
