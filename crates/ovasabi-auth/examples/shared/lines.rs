//! JSON lines in, JSON lines out.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

/// The reason for a line that cannot be read.
pub(crate) const BAD_INPUT: &str = "bad_input";

/// The longest line that is read: a token, a set of keys, and room.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Answers each line of the standard input with what `verdict` says of it; `Err` is a reason.
pub(crate) fn answer(verdict: fn(&str) -> Result<(), String>) -> ExitCode {
    match run(io::stdin().lock(), io::stdout().lock(), verdict) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the answers has gone.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cannot go on: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers each line of `input` on `output`.
pub(crate) fn run(
    mut input: impl BufRead,
    mut output: impl Write,
    verdict: fn(&str) -> Result<(), String>,
) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        io::Read::take(&mut input, MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let is_cut = line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n");
        if is_cut {
            input.skip_until(b'\n')?;
        }
        let id = id(&text);
        let said = if is_cut {
            Err(BAD_INPUT.to_owned())
        } else {
            verdict(&text)
        };
        let answer = match said {
            Ok(()) => json!({ "id": id, "verdict": "accept" }),
            Err(reason) => json!({ "id": id, "verdict": "reject", "reason": reason }),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
}

/// The id of a line, also of one in which something else is wrong; `null` where there is none.
fn id(line: &str) -> Value {
    serde_json::from_str(line)
        .ok()
        .and_then(|line: Value| line.get("id").cloned())
        .unwrap_or_default()
}
