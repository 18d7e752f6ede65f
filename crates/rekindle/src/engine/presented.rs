//! Which token is presented, and whether it belongs to its row.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use rekindle_core::{Generation, Seed, Session, SessionId};

use super::{Engine, Tokens};
use crate::error::{Ended, Failure, Unavailable};
use crate::store::Version;
use crate::token::refresh::RefreshToken;

/// A refresh token of another form, whose signature its reader has checked.
#[derive(Clone)]
pub struct Presentation {
    /// The session it names.
    pub session: SessionId,
    /// The generation it names.
    pub generation: Generation,
    /// The tag it carries, as the form [spells](super::TokenForm::spell) it.
    pub tag: String,
}

impl std::fmt::Debug for Presentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presentation").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A refresh token that is genuine as far as can be said without its row.
pub(super) enum Held {
    /// One of ours.
    Own(RefreshToken),
    /// One of another form.
    Other(Presentation),
    /// Another system's, adopted into this session: its keyed hash is the session's name, so it needs no tag.
    Adopted(SessionId),
}

impl Held {
    fn session(&self) -> SessionId {
        match self {
            Self::Own(token) => token.session,
            Self::Other(token) => token.session,
            Self::Adopted(session) => *session,
        }
    }

    pub(super) fn generation(&self) -> Generation {
        match self {
            Self::Own(token) => token.generation,
            Self::Other(token) => token.generation,
            Self::Adopted(_) => Generation(1),
        }
    }

    /// Its text, where the engine can tell it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Own(token) => token.text(),
            Self::Other(_) | Self::Adopted(_) => String::new(),
        }
    }
}

impl Engine {
    /// [`refresh`](Self::refresh) for a token of another form. What is written is in the form of this engine.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn exchange(
        &self,
        presented: Presentation,
        client_id: Option<&str>,
    ) -> Result<Tokens, Failure> {
        let (engine, client_id) = (self.clone(), client_id.map(str::to_owned));
        self.finish(async move { engine.refreshed(Held::Other(presented), client_id.as_deref()).await }).await
    }

    /// Whether an engine over these keys has made the token, as far as can be said without its row. Asks nobody.
    ///
    /// What another system has made of one of our tokens, copying its claims, is none of ours; one whose row is gone still is.
    pub fn has_made(&self, presented: &Presentation) -> bool {
        let Some(form) = &self.view.form else { return false };
        let mut tag = [0; 16];
        tag[..8].copy_from_slice(&self.shared.keys.made(presented.session, presented.generation));
        let spelled = form.spell(&tag);
        let (half, sent) = (spelled.len() / 2, presented.tag.as_bytes());
        sent.len() == spelled.len()
            && verify_slices_are_equal(&sent[..half], &spelled.as_bytes()[..half]).is_ok()
    }

    /// The session of a refresh token of another form, whatever its generation and the session's status.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] with [`Ended::Unknown`] for a row that is gone or a tag that is not its own.
    pub async fn session_presented(&self, presented: Presentation) -> Result<Session, Failure> {
        Ok(self.row_of(&Held::Other(presented)).await?.0)
    }

    /// The row, if the token belongs to it.
    pub(super) async fn row_of(&self, token: &Held) -> Result<(Session, Version), Failure> {
        let unknown = Failure::SessionEnded(Ended::Unknown);
        let Some((session, version)) = self.shared.store()?.load(token.session()).await? else {
            return Err(unknown);
        };
        let belongs = match token {
            Held::Own(token) => self.shared.keys.belongs_to(token, &session.seed),
            Held::Other(token) => self.bears_its_tag(token, &session.seed).await?,
            Held::Adopted(_) => true,
        };
        if belongs { Ok((session, version)) } else { Err(unknown) }
    }

    /// Whether any key in force makes the tag. The token does not say which; where none does, this node may not have loaded
    /// the one that does.
    async fn bears_its_tag(&self, token: &Presentation, seed: &Seed) -> Result<bool, Failure> {
        let Some(form) = &self.view.form else { return Ok(false) };
        let keys = &self.shared.keys;
        let found = || {
            let tags = keys.tags(token.session, token.generation, seed);
            let same =
                |tag| verify_slices_are_equal(form.spell(tag).as_bytes(), token.tag.as_bytes()).is_ok();
            tags.iter().any(same)
        };
        if found() {
            return Ok(true);
        }
        if !keys.has_just_looked().await {
            return Err(Unavailable::KeyNotLoaded.into());
        }
        Ok(found())
    }
}
