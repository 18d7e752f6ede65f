//! Who says whether an access token holds.

use std::pin::Pin;
use std::sync::Arc;

use super::cookie::{Holder, Jar, NoHolder, SetCookies, holder};
use super::{Browsers, Identity, Refusal};
use crate::engine::Engine;

/// What an [`Authority`] found out of one request.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Who makes the request, or why nobody does.
    pub identity: Result<Identity, Refusal>,
    /// What the answer does to the jar.
    pub cookies: SetCookies,
}

impl From<Result<Identity, Refusal>> for Finding {
    /// Without a word on cookies.
    fn from(identity: Result<Identity, Refusal>) -> Self {
        Self { identity, cookies: SetCookies::new() }
    }
}

impl From<NoHolder> for Finding {
    fn from(NoHolder { why, cleared, .. }: NoHolder) -> Self {
        Self { identity: Err(why.map_or(Refusal::Missing, Refusal::from)), cookies: cleared }
    }
}

/// A finding, at once or in a while.
pub enum Check {
    /// It is known: no future is allocated.
    Done(Finding),
    /// Somebody has to be asked.
    Pending(Pin<Box<dyn Future<Output = Finding> + Send>>),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "Done(..)",
            Self::Pending(_) => "Pending(..)",
        })
    }
}

/// Says whether an access token holds: an [`Engine`], which asks the session's row, a [`Verifier`](crate::Verifier), which asks
/// nobody, or something of your own.
pub trait Authority: Send + Sync + 'static {
    /// Looks at a bearer token.
    fn check(&self, access_token: &str) -> Check;

    /// Looks at what a browser keeps.
    fn check_jar(&self, jar: Jar, browsers: &Arc<Browsers>) -> Check;
}

/// A session that has ended is refused at once: its row is asked for every request.
impl Authority for Engine {
    fn check(&self, access_token: &str) -> Check {
        let (engine, token) = (self.clone(), access_token.to_owned());
        Check::Pending(Box::pin(async move {
            let identity = match engine.authenticate(&token).await {
                Ok((token, session)) => {
                    engine.touch(&session);
                    Ok(Identity::new(token, engine.now()))
                }
                Err(failure) => Err(failure.into()),
            };
            identity.into()
        }))
    }

    fn check_jar(&self, jar: Jar, browsers: &Arc<Browsers>) -> Check {
        let (engine, browsers) = (self.clone(), Arc::clone(browsers));
        Check::Pending(Box::pin(async move {
            match holder(&engine, &jar, &browsers).await {
                Ok(Holder { token, session, cleared }) => {
                    engine.touch(&session);
                    Finding { identity: Ok(Identity::new(token, engine.now())), cookies: cleared }
                }
                Err(nobody) => nobody.into(),
            }
        }))
    }
}
