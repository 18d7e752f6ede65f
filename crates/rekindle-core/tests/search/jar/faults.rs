//! What happens beside the requests of the tabs.

use super::state::{Jar, Version};
use super::{Action, World};
use crate::explore::Broken;
use crate::rules::Rules;

impl<R: Rules> World<'_, R> {
    pub(super) fn faults(&self, s: &Jar, emit: &mut dyn FnMut(Action, Result<Jar, Broken>)) {
        if self.onlookers {
            self.onlookers(s, emit);
        }
        if self.revocations && !s.kept.truth.ended {
            let mut next = *s;
            next.kept.row = next.kept.row.revoked();
            next.kept.truth.ended = true;
            emit(Action::Revoke, Ok(next));
        }
        if s.bumps > 0 && s.kept.row.issued < 0 {
            let scale = self.judge.scale;
            let session = self.judge.rules.bump(&scale.session(&s.kept.row), scale.at(0));
            let mut next = *s;
            next.kept.row = scale.row(&session.unwrap());
            next.bumps -= 1;
            next.at_once = true;
            next.written();
            emit(Action::Bump, Ok(next));
        }
        if s.roll_backs > 0 {
            emit(Action::Save, Ok(Jar { saved: Some(s.kept), ..*s }));
            if let Some(saved) = s.saved {
                let after = if self.versions_return { Version::Ambiguous } else { Version::Gone };
                emit(Action::RollBack, Ok(s.rolled_back(saved, after)));
            }
        }
    }

    fn onlookers(&self, s: &Jar, emit: &mut dyn FnMut(Action, Result<Jar, Broken>)) {
        if let Err(broken) = self.judge.stranger(&s.kept.row, s.held) {
            emit(Action::Stranger, Err(broken));
        }
        if self.judge.scale.lives.is_none() && !s.kept.truth.ended {
            for g in 1..=s.kept.row.latest + 1 {
                if let Err(broken) = self.judge.renews(&s.kept.row, g) {
                    emit(Action::Renew(g), Err(broken));
                }
            }
        }
    }
}
