//! Requests, by curl.

use std::process::Command;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, as they came.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Runs curl with `arguments`; they name the address.
pub(crate) fn curl(arguments: &[&str]) -> Result<Answer, String> {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "60"])
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot run curl: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let said = String::from_utf8_lossy(&output.stderr);
    let status = status.ok_or_else(|| format!("no answer: {}", said.trim()))?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// Posts JSON to `url`, with more arguments where they are needed.
pub(crate) fn post(url: &str, body: &str, more: &[&str]) -> Result<Answer, String> {
    curl(&[&["--header", "content-type: application/json", "--data", body, url], more].concat())
}

impl Answer {
    /// A member of the body that is a string.
    pub(crate) fn text(&self, member: &str) -> Result<String, String> {
        let found =
            self.body.split(&format!("\"{member}\":\"")).nth(1).and_then(|rest| rest.split('"').next());
        found.map(str::to_owned).ok_or_else(|| format!("no {member} in {}", self.body))
    }

    /// Itself, where the status is `wanted`.
    pub(crate) fn expect(self, wanted: u16) -> Result<Self, String> {
        if self.status == wanted {
            return Ok(self);
        }
        Err(format!("expected {wanted}, got\n{}\n\n{}", self.head, self.body))
    }
}
