//! Where sessions come from: a test account that signs in, or refresh tokens that were given.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::endpoint::{Answer, Credential, Endpoint, Failure};
use super::lab::Lab;

/// Where signing in is slow or limited, a probe with fewer sessions is better than none.
const LONGEST_OPENING: Duration = Duration::from_secs(90);

/// How many sign in at once on this machine: passwords are slow to check, on purpose.
const SIGNING_IN: usize = 4;

/// Sessions to be used up.
pub(super) struct Sessions {
    given: Option<VecDeque<Credential>>,
}

impl Sessions {
    /// From logins.
    pub(super) fn by_login() -> Self {
        Self { given: None }
    }

    /// From refresh tokens, one a line.
    pub(super) fn given(tokens: &str) -> Self {
        let lines = tokens.lines().map(str::trim).filter(|line| !line.is_empty());
        Self { given: Some(lines.map(Credential::given).collect()) }
    }

    /// How many were given; `None` where logins give as many as are wanted.
    pub(super) fn count(&self) -> Option<usize> {
        self.given.as_ref().map(VecDeque::len)
    }

    /// Makes sure that there is something to probe: a session, refreshed once. What was found is told with its mend.
    pub(super) async fn first(&mut self, lab: &Lab) -> anyhow::Result<First> {
        let opened = match &mut self.given {
            Some(given) => match given.pop_front() {
                Some(session) => session,
                None => bail!("there is no refresh token to begin with: they are read one a line"),
            },
            None => opened(lab.endpoint.login().await)?,
        };
        let refreshed = match lab.endpoint.refresh(&opened).await {
            Answer::Granted(refreshed) => refreshed,
            Answer::Refused(404) => bail!("there is nothing at the refresh address (404)"),
            Answer::Refused(405) => bail!("the refresh address takes no POST (405)"),
            Answer::Refused(status @ (400 | 401 | 403 | 422)) => bail!(
                "a fresh refresh token was refused ({status}): is this the refresh endpoint, and is the preset right?"
            ),
            other => bail!("the refresh was answered with {other}"),
        };
        if let Some(given) = &mut self.given {
            given.push_back(refreshed.clone());
            return Ok(First { opened, refreshed });
        }
        // Does a second login end the first session? Then no experiment would say anything.
        let _second = opened_again(lab).await?;
        match lab.refresh(&refreshed).await {
            Answer::Granted(_) => Ok(First { opened, refreshed }),
            _ => bail!(
                "signing in again ends the session before it, and the experiments need several at once: give refresh \
                 tokens of several accounts with --refresh-token-file"
            ),
        }
    }

    /// As many as `wanted`, or as there are.
    pub(super) async fn open(
        &mut self,
        lab: &Lab,
        wanted: usize,
        at_once: bool,
    ) -> anyhow::Result<Vec<Credential>> {
        if let Some(given) = &mut self.given {
            return Ok(given.drain(..).take(wanted).collect());
        }
        let (start, mut sessions) = (Instant::now(), Vec::new());
        while sessions.len() < wanted && start.elapsed() < LONGEST_OPENING {
            let batch = if at_once { SIGNING_IN.min(wanted - sessions.len()) } else { 1 };
            let mut logins = JoinSet::new();
            for _ in 0..batch {
                let endpoint: Arc<dyn Endpoint> = Arc::clone(&lab.endpoint);
                logins.spawn(async move { endpoint.login().await });
            }
            let answers = logins.join_all().await;
            let limited = answers.iter().any(|answer| matches!(answer, Answer::Later(_)));
            for answer in answers {
                match answer {
                    Answer::Granted(session) => sessions.push(session),
                    Answer::Later(_) => {}
                    other => bail!("signing in worked, and then it was answered with {other}"),
                }
            }
            if limited {
                break;
            }
        }
        Ok(sessions)
    }
}

/// The first session, as it was opened and as it was refreshed.
pub(super) struct First {
    pub(super) opened: Credential,
    pub(super) refreshed: Credential,
}

fn opened(answer: Answer) -> anyhow::Result<Credential> {
    match answer {
        Answer::Granted(session) => Ok(session),
        Answer::Refused(404) => bail!("there is nothing at the login address (404); name it with --login"),
        Answer::Refused(status) => {
            bail!("the login was refused ({status}): is it the right account and preset?")
        }
        Answer::Failed(Failure::NoToken(_)) => bail!(
            "the login was answered, but no refresh token was found in it: name its member with --refresh-member, or \
             say --token-in cookie"
        ),
        Answer::Failed(Failure::Broken(why)) => bail!("nobody answers at the login address: {why}"),
        other => bail!("the login was answered with {other}"),
    }
}

async fn opened_again(lab: &Lab) -> anyhow::Result<Credential> {
    opened(lab.endpoint.login().await)
}
