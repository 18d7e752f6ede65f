//! The engine: loads a row, lets the rules decide, commits, and derives the answer.
//!
//! Nothing is remembered between two calls; any number of engines over one store are one engine.

use std::fmt;
use std::sync::{Arc, Mutex};

use rekindle_core::{
    Generation, MANY_CANDIDATES, Policy, Presented, Refresh, Rotation, Session, SessionId, Status, Timestamp,
};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::error::{Ended, Failure, Unavailable};
use crate::event::{Event, EventKind, Observer};
use crate::hook::{ClaimsHook, Resolution};
use crate::keyring::{Genuine, KeyRing};
use crate::store::{Commit, Store, Version};
use crate::token::Expected;
use crate::token::refresh::RefreshToken;

mod access;
mod adoption;
mod builder;
mod clock_check;
mod feed;
mod form;
mod login;
mod presented;
mod renewal;
mod sessions;
mod tokens;
mod transparent;
mod upkeep;

pub use crate::store::{Change, ChangeKind, Changes, FeedCursor};
pub use adoption::Adopt;
pub use builder::Builder;
pub use feed::News;
pub use form::{Draft, Occasion, TokenForm, Written};
pub use login::Login;
pub use presented::Presentation;
pub use renewal::Renewed;
pub use tokens::{TokenAnswer, Tokens};

use presented::Held;

/// How often a decision is taken anew because the row changed in between. Rotations of one session are
/// seconds apart, so more than two rounds mean a storm.
const ROUNDS: usize = 8;

/// Opens, refreshes, renews, verifies and revokes sessions. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    view: Arc<View>,
}

/// What all engines over the same sessions share.
struct Shared {
    store: Arc<dyn Store>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    hook: Arc<dyn ClaimsHook>,
    observer: Arc<dyn Observer>,
    session_cap: Option<usize>,
    /// Those of all views: keys and rows are kept for the longest.
    policies: Mutex<Vec<Policy>>,
    /// How many writes are under way. No lock: a hook may begin another inside one, and must not queue behind
    /// whoever waits for the last of them.
    writes: tokio::sync::watch::Sender<usize>,
    /// Wakes those who wait for the feed.
    changed: tokio::sync::Notify,
    ahead: clock_check::Ahead,
}

/// How long sessions live, and what their tokens look like.
struct View {
    policy: Policy,
    issuer: String,
    audience: Vec<String>,
    expected: Expected,
    /// Ours where there is none.
    form: Option<Arc<dyn TokenForm>>,
}

/// A genuine refresh token, looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peek {
    /// Its session's row.
    pub session: Session,
    /// Which of the session's refresh tokens it is.
    pub generation: Generation,
    /// What presenting it would lead to.
    pub outcome: Refresh,
}

/// One write under way, until it is dropped.
struct UnderWay(Engine);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.shared.writes.send_modify(|writes| *writes -= 1);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("policy", &self.view.policy).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over `store` and the key ring in it.
    pub fn builder(store: Arc<dyn Store>, keys: Arc<KeyRing>) -> Builder {
        Builder::new(store, keys)
    }

    /// Exchanges a refresh token, by the rules of [`rekindle_core::refresh()`]. `client_id` is who presents it,
    /// where the caller says so.
    ///
    /// Goes on to its end when the caller's future is dropped: a client that hangs up after its rotation has
    /// begun finds it done, or not begun.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`], [`Failure::Superseded`] or [`Failure::Unavailable`].
    pub async fn refresh(&self, refresh_token: &str, client_id: Option<&str>) -> Result<Tokens, Failure> {
        let token = Held::Own(self.genuine(refresh_token).await?);
        let (engine, client_id) = (self.clone(), client_id.map(str::to_owned));
        self.finish(async move { engine.refreshed(token, client_id.as_deref()).await }).await
    }

    async fn refreshed(&self, token: Held, client_id: Option<&str>) -> Result<Tokens, Failure> {
        let presented = Presented { generation: token.generation(), client_id };
        for _ in 0..ROUNDS {
            let now = self.now();
            let (session, version) = self.row_of(&token).await?;
            let (how, mut next) = match rekindle_core::refresh(&session, presented, &self.view.policy, now) {
                Refresh::Replay => {
                    self.report(&session, EventKind::Replayed);
                    return self.tokens(session, Occasion::Refreshed);
                }
                Refresh::Rotate { how, next } => (how, next),
                Refresh::Renew(renewal) => match self.renew_for_account(version, &session, renewal).await? {
                    Some((session, iat)) => return self.tokens_without_rotation(session, iat, &token),
                    None => continue,
                },
                Refresh::Superseded => {
                    self.report(&session, EventKind::Superseded);
                    return Err(Failure::Superseded);
                }
                Refresh::Theft { next, .. } => {
                    if !self.commit_end(version, &next, EventKind::TheftDetected).await? {
                        continue;
                    }
                    return Err(next.status.into());
                }
                Refresh::Expire { next, .. } => {
                    if !self.commit_end(version, &next, EventKind::Expired).await? {
                        continue;
                    }
                    return Err(next.status.into());
                }
                Refresh::Ended(status) => return Err(status.into()),
                Refresh::OtherClient => return Err(Failure::SessionEnded(Ended::Unknown)),
            };
            self.resolve_claims(&session, &mut next).await?;
            // Before the commit: claims that no token has room for must not have rotated anything.
            let tokens = self.tokens(*next, Occasion::Refreshed)?;
            if self.shared.store()?.commit(version, &tokens.session).await? == Commit::Applied {
                self.report_rotation(&tokens.session, how);
                return Ok(tokens);
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// Whose a genuine refresh token is. Asks the keys, not the store: the session may have ended.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh), for a token that is none of ours.
    pub async fn session_id_of(&self, refresh_token: &str) -> Result<SessionId, Failure> {
        Ok(self.genuine(refresh_token).await?.session)
    }

    /// What a refresh token is, and what it would lead to now. Writes nothing.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh), for a token that is none of ours.
    pub async fn peek(&self, refresh_token: &str, client_id: Option<&str>) -> Result<Peek, Failure> {
        let token = self.genuine(refresh_token).await?;
        let generation = token.generation;
        let now = self.now();
        let (session, _) = self.row_of(&Held::Own(token)).await?;
        let presented = Presented { generation, client_id };
        let outcome = rekindle_core::refresh(&session, presented, &self.view.policy, now);
        Ok(Peek { session, generation, outcome })
    }

    /// The public keys for verifiers elsewhere: a JWK Set (RFC 7517).
    pub fn jwks(&self) -> String {
        self.shared.keys.jwks()
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn ready(&self) -> Result<(), Failure> {
        // A linearizable read of a row that nobody has.
        self.shared.store()?.load(SessionId([0; 16])).await?;
        Ok(())
    }

    /// The `iss` of access tokens.
    pub fn issuer(&self) -> &str {
        &self.view.issuer
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.view.policy
    }

    /// The keys in force.
    pub fn keys(&self) -> &Arc<KeyRing> {
        &self.shared.keys
    }

    /// Waits until no write is under way, those whose callers have gone away included: for a caller that
    /// begins no more of them.
    pub async fn quiesce(&self) {
        // It ends only with the sender, which is ours.
        let _ = self.shared.writes.subscribe().wait_for(|writes| *writes == 0).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn report(&self, session: &Session, kind: EventKind) {
        let event = Event {
            session: session.id,
            subject: session.subject.clone(),
            client_id: session.client_id.clone(),
            kind,
        };
        self.shared.observer.observe(&event);
        if feed::is_told(kind) {
            self.shared.changed.notify_waiters();
        }
    }

    fn report_rotation(&self, next: &Session, how: Rotation) {
        match how {
            Rotation::Confirm => self.report(next, EventKind::Refreshed),
            Rotation::Heal { .. } => self.report(next, EventKind::StoreRollbackDetected),
            Rotation::Fork { candidates } => {
                self.report(next, EventKind::LateRetry);
                if candidates > MANY_CANDIDATES {
                    self.report(next, EventKind::ManyCandidates);
                }
            }
        }
    }

    /// Runs `work` in a task of its own, so that it ends even where the caller's future is dropped.
    async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        match self.begin(work).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Unavailable::ShuttingDown.into()),
        }
    }

    /// The task itself, for whoever does not wait for it.
    fn begin<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.shared.writes.send_modify(|writes| *writes += 1);
        let under_way = UnderWay(self.clone());
        tokio::spawn(async move {
            let answer = work.await;
            drop(under_way);
            answer
        })
    }

    /// Rule 1: the form, and the tag that needs no store.
    async fn genuine(&self, text: &str) -> Result<RefreshToken, Failure> {
        let unknown = Failure::SessionEnded(Ended::Unknown);
        let Some(token) = RefreshToken::parse(text) else { return Err(unknown) };
        match self.shared.keys.genuine(&token).await {
            Genuine::Yes => Ok(token),
            Genuine::No => Err(unknown),
            Genuine::NotLoaded => Err(Unavailable::KeyNotLoaded.into()),
        }
    }

    /// Asks the hook, on every round anew: the conflict that made this round due may have been a bump, and
    /// claims resolved before it would be committed as current.
    async fn resolve_claims(&self, session: &Session, next: &mut Session) -> Result<(), Failure> {
        match self.shared.hook.resolve(session).await? {
            Resolution::Claims(claims) => next.claims = claims.as_str().to_owned(),
            Resolution::End(reason) => {
                self.revoke_now(session.id, reason).await?;
                return Err(Status::Revoked(reason).into());
            }
            Resolution::Keep => {}
        }
        Ok(())
    }

    /// Commits a row that ends. `false`: the row changed in between, decide again.
    async fn commit_end(&self, version: Version, next: &Session, kind: EventKind) -> Result<bool, Failure> {
        let applied = self.shared.store()?.commit(version, next).await? == Commit::Applied;
        if applied {
            self.report(next, kind);
        }
        Ok(applied)
    }
}
