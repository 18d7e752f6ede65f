//! One signed-in client, and what it has been promised.

use std::io::Result;

use base64::Engine as _;
use serde_json::{Value, json};

use super::client::Client;

/// What the server has acknowledged about one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Signed in.
    Alive,
    /// A sign-out was sent and not acknowledged: it must be sent again, and may have happened.
    Leaving,
    /// A sign-out was acknowledged.
    Gone,
}

#[derive(Clone, Debug)]
pub struct Holder {
    pub session: String,
    /// What the client has stored.
    pub token: String,
    /// The newest generation whose token reached the client, stored or not.
    pub acknowledged: u64,
    pub fate: Fate,
}

impl Holder {
    pub fn log_in(client: &mut Client) -> Result<Self> {
        Self::log_in_as(client, "demo", "demo-password")
    }

    pub fn log_in_as(client: &mut Client, username: &str, password: &str) -> Result<Self> {
        let (status, answer) =
            client.post("/v1/login", &json!({"username": username, "password": password}))?;
        assert_eq!(status, 200, "{answer}");
        Ok(Self {
            session: text(&answer, "session_id"),
            token: text(&answer, "refresh_token"),
            acknowledged: generation(&answer),
            fate: Fate::Alive,
        })
    }

    /// Refreshes, and stores the answer unless it is `lost` on the way. Answers whether that succeeded;
    /// `false` is a false logout.
    pub fn refresh(&mut self, client: &mut Client, lost: bool) -> Result<bool> {
        let (status, answer) = client.post("/v1/refresh", &json!({"refresh_token": self.token}))?;
        if status != 200 {
            println!("refused: {status} {answer} for {self:?}");
            return Ok(false);
        }
        self.acknowledged = self.acknowledged.max(generation(&answer));
        if !lost {
            self.token = text(&answer, "refresh_token");
        }
        Ok(true)
    }

    pub fn log_out(&mut self, client: &mut Client) -> Result<()> {
        self.fate = Fate::Leaving;
        let (status, answer) = client.post("/v1/logout", &json!({"refresh_token": self.token}))?;
        assert_eq!(status, 204, "{answer}");
        self.fate = Fate::Gone;
        Ok(())
    }

    /// Whether a session that was signed out still yields tokens.
    pub fn is_alive(&self, client: &mut Client) -> Result<bool> {
        let (status, answer) = client.post("/v1/refresh", &json!({"refresh_token": self.token}))?;
        let ended = status == 401 && answer["code"] == "session_ended" && answer["reason"] == "logged_out";
        Ok(!ended)
    }
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}")).to_owned()
}

fn generation(answer: &Value) -> u64 {
    let token = text(answer, "access_token");
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["gen"].as_u64().unwrap()
}
