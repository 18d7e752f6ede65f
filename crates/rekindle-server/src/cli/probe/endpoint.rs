//! A refresh endpoint as the experiments see it: what a client sends, and how its answer is taken.

use std::fmt;

use async_trait::async_trait;
use zeroize::Zeroizing;

/// What one client holds between two refreshes. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credential {
    /// What the next refresh presents.
    pub(super) refresh: Zeroizing<String>,
    pub(super) access: Option<Zeroizing<String>>,
    /// The name under which an answer gave `refresh`.
    pub(super) member: Option<String>,
    pub(super) jar: Vec<(String, Zeroizing<String>)>,
}

impl Credential {
    /// A refresh token that came from elsewhere.
    pub(super) fn given(token: &str) -> Self {
        Self { refresh: Zeroizing::new(token.to_owned()), access: None, member: None, jar: Vec::new() }
    }

    pub(super) fn is_same_token(&self, other: &Self) -> bool {
        self.refresh == other.refresh
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// An answer, as a careful client takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Tokens: the same as presented, or new ones.
    Granted(Credential),
    /// Success without tokens: a logout.
    Done,
    /// 409, 425, 429, 503: keep what you hold and come back.
    Later(u16),
    /// Any other 4xx. This is where clients delete what they hold and ask for the password.
    Refused(u16),
    /// Nothing that a client could go by.
    Failed(Failure),
}

impl Answer {
    pub(super) fn granted(&self) -> Option<&Credential> {
        match self {
            Self::Granted(credential) => Some(credential),
            _ => None,
        }
    }
}

/// In a few words, for the card.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted(_) => f.write_str("tokens"),
            Self::Done => f.write_str("success"),
            Self::Later(status) | Self::Refused(status) => write!(f, "{status}"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Why an answer says nothing. Never shows what was sent or answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("status {0}")]
    Status(u16),
    #[error("a web page (HTML) instead of JSON, status {0}")]
    Html(u16),
    #[error("something that is not JSON, status {0}")]
    NotJson(u16),
    #[error("JSON without a token that could be recognised, status {0}")]
    NoToken(u16),
    #[error("a redirect to {0}; redirects are not followed: probe that address")]
    Redirect(String),
    #[error("more than 256 KiB")]
    TooLong,
    #[error("no answer within {0} s")]
    Silent(u64),
    #[error("nothing: it is not known where to send it, or with which token")]
    NoAddress,
    #[error("no answer: {0}")]
    Broken(String),
}

/// One of the requests that are sent at the same moment.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Refresh(Credential),
    Logout(Credential),
}

/// How one piece of junk was answered.
#[derive(Clone, Debug)]
pub(super) struct Junk {
    pub(super) what: &'static str,
    pub(super) answer: Answer,
}

/// What can be done with a refresh endpoint.
#[async_trait]
pub(super) trait Endpoint: Send + Sync {
    /// Opens a session.
    async fn login(&self) -> Answer;

    /// Presents what is held.
    async fn refresh(&self, held: &Credential) -> Answer;

    /// Sends all so that they overlap: on connections opened before, released together. Answers in their order.
    async fn at_once(&self, calls: Vec<Call>) -> Vec<Answer>;

    /// Presents what is held and hangs up when the answer begins: nothing of it is read. `Done` where there would have
    /// been tokens.
    async fn lose(&self, held: &Credential) -> Answer;

    /// Signs out; `None` where there is no address for it.
    async fn logout(&self, held: &Credential) -> Option<Answer>;

    /// Whether the access token still opens what it should; `None` where that cannot be asked.
    async fn admits(&self, held: &Credential) -> Option<bool>;

    /// Presents what no server has issued.
    async fn junk(&self) -> Vec<Junk>;
}
