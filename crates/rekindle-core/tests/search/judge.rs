//! One question to the rules, held against the truth: invariants I1 to I5, I10 and the store's roll-back are
//! checked here, on every step of every search.

use rekindle_core::{Generation, Refresh, Renew, Session};

use crate::explore::Broken;
use crate::row::{FAR, Kept, Row, Scale, Truth};
use crate::rules::{Rules, Token};

/// What a presented token leads to.
pub(crate) enum Said {
    /// The refresh token of this generation, no write.
    Answer(u8),
    /// Commit this, then answer its `latest`, if it still lives.
    Write(Kept),
    Superseded,
    Theft,
    Refused,
}

#[derive(Clone)]
pub(crate) struct Judge<'a, R> {
    pub(crate) scale: &'a Scale,
    pub(crate) rules: &'a R,
    /// Whether every new row is asked about every generation, held by somebody or not.
    pub(crate) probes: bool,
}

impl<R: Rules> Judge<'_, R> {
    fn ask(&self, row: &Row, g: u8, iat: i16, client: Option<&str>, read: i16) -> Refresh {
        let session = self.scale.session(row);
        let token =
            Token { generation: Generation(u64::from(g)), client_id: client, iat: self.scale.at(iat) };
        self.rules.refresh(&session, token, &self.scale.policy, self.scale.at(read))
    }

    fn yields(&self, row: &Row, g: u8, iat: i16, read: i16) -> bool {
        matches!(
            self.ask(row, g, iat, None, read),
            Refresh::Replay
                | Refresh::Rotate { .. }
                | Refresh::Renew(Renew::Current { .. } | Renew::Write { .. })
        )
    }

    /// A tab with a copy of its own renews the access token of `g`: nobody is judged, no lineage moves.
    pub(crate) fn renews(&self, row: &Row, g: u8) -> Result<(), Broken> {
        let session = self.scale.session(row);
        let generation = Generation(u64::from(g));
        match self.rules.renew(&session, generation, &self.scale.policy, self.scale.at(0)) {
            Renew::Current { .. } => Ok(()),
            Renew::Write { next, .. } if next.lineage == session.lineage => Ok(()),
            _ => Err(Broken("a renewal judged")),
        }
    }

    /// Another client presents a genuine token.
    pub(crate) fn stranger(&self, row: &Row, g: u8) -> Result<(), Broken> {
        match self.ask(row, g, 0, Some("another"), 0) {
            Refresh::OtherClient => Ok(()),
            _ => Err(Broken("another client's token was judged")),
        }
    }

    /// The holder of `g`, issued at `iat`, asks; the clock said `read`; the process saw `seen`, and `truth`
    /// is what was committed.
    pub(crate) fn present(
        &self,
        seen: &Row,
        truth: &Truth,
        g: u8,
        iat: i16,
        read: i16,
    ) -> Result<Said, Broken> {
        let t = read.max(seen.issued).max(seen.bumped);
        let since_newest = read.max(truth.issued).max(seen.bumped) - truth.issued;
        let inside = self.scale.window.is_some_and(|w| since_newest <= w) && seen.issued >= seen.bumped;
        let repeat = g == truth.confirmed || g == truth.newest;
        let may_have_tokens = truth.lives(g) || g > truth.newest;
        let over = t >= seen.absolute;
        match self.ask(seen, g, iat, None, read) {
            Refresh::Replay => {
                if truth.ended {
                    return Err(Broken("I5 no resurrection"));
                }
                if over {
                    return Err(Broken("I10 absolute end"));
                }
                if !may_have_tokens {
                    return Err(Broken("I2 acceptance"));
                }
                if !(inside && repeat) {
                    return Err(Broken("I4 the window slid"));
                }
                Ok(Said::Answer(seen.latest))
            }
            Refresh::Renew(Renew::Current { .. }) if !truth.ended && may_have_tokens => Ok(Said::Answer(g)),
            Refresh::Renew(Renew::Write { next, .. }) if !truth.ended && may_have_tokens => {
                Ok(Said::Write(Kept { row: self.scale.row(&next), truth: *truth }))
            }
            Refresh::Rotate { next, .. } => {
                if truth.ended {
                    return Err(Broken("I5 no resurrection"));
                }
                if over {
                    return Err(Broken("I10 absolute end"));
                }
                if inside && repeat {
                    return Err(Broken("I4 a write inside the window"));
                }
                let truth = truth.rotated(g, t, self.scale.window).ok_or(Broken("I2 acceptance"))?;
                self.next(seen, &next, truth).map(Said::Write)
            }
            Refresh::Superseded if may_have_tokens => Err(Broken("I2 a living token was superseded")),
            Refresh::Theft { .. } if may_have_tokens => Err(Broken("I2 a living token was taken for theft")),
            Refresh::Superseded => Ok(Said::Superseded),
            Refresh::Theft { next, .. } => self.ended(&next, truth).map(|_| Said::Theft),
            Refresh::Expire { next, .. } => {
                if t < seen.absolute && (t < seen.idle || g > truth.newest) {
                    return Err(Broken("I15 expired before its time"));
                }
                self.ended(&next, truth).map(Said::Write)
            }
            Refresh::Ended(_) if truth.ended || !seen.is_active() => Ok(Said::Refused),
            Refresh::Ended(_) => Err(Broken("I7 a living session was said to have ended")),
            Refresh::OtherClient => Err(Broken("its own client was refused")),
            Refresh::Renew(_) => Err(Broken("a renewal judged")),
        }
    }

    fn ended(&self, next: &Session, truth: &Truth) -> Result<Kept, Broken> {
        let row = self.scale.row(next);
        if row.is_active() {
            return Err(Broken("an end that ends nothing"));
        }
        Ok(Kept { row, truth: Truth { ended: true, ..*truth } })
    }

    /// I1, I2, I3, I10: the rotated row is the one that the truth expects.
    fn next(&self, seen: &Row, next: &Session, truth: Truth) -> Result<Kept, Broken> {
        let row = self.scale.row(next);
        let ordered = row.before <= row.confirmed && row.confirmed <= row.floor && row.floor < row.latest;
        if !ordered || row.latest <= seen.latest {
            return Err(Broken("I1 monotone"));
        }
        if row.latest != truth.newest || row.issued != truth.issued {
            return Err(Broken("I4 the newest generation or its moment is another"));
        }
        if row.absolute != seen.absolute || (row.idle != FAR && row.idle > row.absolute) {
            return Err(Broken("I10 absolute end"));
        }
        Ok(Kept { row, truth })
    }

    /// I2 and I3: of `generations`, exactly those that live yield tokens, now and when all windows are over.
    pub(crate) fn accepts(&self, kept: &Kept, generations: &[u8], later: i16) -> Result<(), Broken> {
        if !self.probes || kept.truth.ended || kept.row.idle != FAR {
            return Ok(());
        }
        for &g in generations.iter().filter(|&&g| g > 0) {
            let expected = kept.truth.lives(g) || g > kept.truth.newest;
            for read in [0, later] {
                if self.yields(&kept.row, g, -FAR, read) != expected {
                    return Err(Broken("I2 acceptance"));
                }
            }
        }
        Ok(())
    }
}
