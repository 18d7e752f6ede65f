//! What a session's clients were told, checked against one order of events.
//!
//! A row is a register that moves by generations: what is answered is never older than what anybody had been told before it was
//! asked, nor newer than what was asked for, a generation has one text on all servers, and nothing yields tokens after a sign-out
//! was acknowledged. A store that lost commits takes back what was acknowledged in between, and nothing else.

use std::collections::BTreeMap;

/// What one request came to, between two ticks of one counter.
#[derive(Clone, Debug)]
pub struct Event {
    pub asked: u64,
    pub answered: u64,
    pub told: Told,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The session is this far; the digests of its refresh token and its access token.
    Tokens { generation: u64, refresh: u64, access: u64 },
    /// The session has been signed out.
    SignedOut,
    /// The session has ended.
    Ended,
    /// Nothing that says what became of a refresh.
    NothingOfRefresh,
    /// Nothing that says what became of a sign-out.
    NothingOfSignOut,
}

/// What was acknowledged after `from` and up to `to` may be gone, for whoever is answered after `from`.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    pub from: u64,
    pub to: u64,
}

impl Loss {
    pub fn excuses(self, acknowledged: u64, answered: u64) -> bool {
        self.from < acknowledged && acknowledged <= self.to && answered > self.from
    }
}

/// Checks one session, whose first event is its login. A request may take `steps` steps: a store's answer that was lost is asked
/// for again, and may find its own write.
pub fn check(events: &[Event], losses: &[Loss], steps: u64) -> Result<(), String> {
    let excused = |of: &Event, by: &Event| losses.iter().any(|loss| loss.excuses(of.answered, by.answered));
    let mut texts: BTreeMap<u64, Vec<(&Event, u64, u64)>> = BTreeMap::new();
    for event in events {
        let before = || events.iter().filter(|other| other.answered < event.asked && !excused(other, event));
        let begun = || events.iter().filter(|other| other.asked < event.answered);
        match event.told {
            Told::Tokens { generation, refresh, access } => {
                if let Some(out) = before().find(|other| other.told == Told::SignedOut) {
                    return Err(format!("tokens after a sign-out: {out:?}, {event:?}"));
                }
                let newer = |other: &&Event| matches!(other.told, Told::Tokens { generation: known, .. } if known > generation);
                if let Some(known) = before().find(newer) {
                    return Err(format!("an answer from the past: {known:?}, {event:?}"));
                }
                let requests =
                    begun().filter(|other| !matches!(other.told, Told::SignedOut | Told::NothingOfSignOut));
                let most = 1 + (requests.count() as u64 - 1) * steps;
                if generation > most && losses.is_empty() {
                    return Err(format!("{event:?} after requests for {most} generations"));
                }
                texts.entry(generation).or_default().push((event, refresh, access));
            }
            Told::Ended => {
                let left =
                    begun().any(|other| matches!(other.told, Told::SignedOut | Told::NothingOfSignOut));
                let lost = events.first().is_some_and(|login| excused(login, event));
                if !left && !lost {
                    return Err(format!("ended, and nobody asked for it: {event:?}"));
                }
            }
            Told::SignedOut | Told::NothingOfRefresh | Told::NothingOfSignOut => {}
        }
    }
    for (generation, told) in texts {
        for (first, second) in told.iter().zip(&told[1..]) {
            // A generation that was taken back is issued again at another moment, which stands in its access token.
            let again = excused(first.0, second.0) || excused(second.0, first.0);
            if first.1 != second.1 || (first.2 != second.2 && !again) {
                return Err(format!("two texts of generation {generation}: {:?}, {:?}", first.0, second.0));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(asked: u64, answered: u64, generation: u64) -> Event {
        let told = Told::Tokens { generation, refresh: generation * 10, access: generation * 100 };
        Event { asked, answered, told }
    }

    fn event(asked: u64, answered: u64, told: Told) -> Event {
        Event { asked, answered, told }
    }

    /// A login, two tabs at once, an answer that was lost, a sign-out.
    fn sound() -> Vec<Event> {
        vec![
            tokens(1, 2, 1),
            tokens(3, 6, 2),
            tokens(4, 5, 2),
            event(7, 8, Told::NothingOfRefresh),
            tokens(9, 10, 4),
            event(11, 12, Told::SignedOut),
            event(13, 14, Told::Ended),
        ]
    }

    fn broken(at: usize, by: Event, losses: &[Loss]) -> String {
        let mut events = sound();
        events[at] = by;
        check(&events, losses, 1).expect_err("this history is broken")
    }

    #[test]
    fn a_sound_history_passes() {
        check(&sound(), &[], 1).unwrap();
    }

    /// The counter-proof: each kind of lie is caught.
    #[test]
    fn a_broken_history_is_caught() {
        assert!(broken(4, tokens(9, 10, 1), &[]).contains("from the past"));
        assert!(broken(4, tokens(9, 10, 6), &[]).contains("after requests for 5"));
        assert!(broken(6, tokens(13, 14, 5), &[]).contains("after a sign-out"));
        assert!(broken(5, event(11, 12, Told::Ended), &[]).contains("nobody asked for it"));
        let other = |refresh, access| event(4, 5, Told::Tokens { generation: 2, refresh, access });
        assert!(broken(2, other(21, 200), &[]).contains("two texts"));
        assert!(broken(2, other(20, 201), &[]).contains("two texts"));
    }

    /// A loss excuses what was acknowledged within it, and not what was before.
    #[test]
    fn a_loss_excuses_no_more_than_it_took() {
        let loss = [Loss { from: 8, to: 12 }];
        let mut events = sound();
        events[6] = tokens(13, 14, 3);
        check(&events, &loss, 1).expect("rotation and sign-out were lost");
        assert!(broken(6, tokens(13, 14, 1), &loss).contains("from the past"));
        let late = [Loss { from: 12, to: 12 }];
        assert!(broken(6, tokens(13, 14, 5), &late).contains("after a sign-out"));
        let ended = vec![tokens(9, 10, 1), event(13, 14, Told::Ended)];
        check(&ended, &loss, 1).expect("the login was lost");
        check(&ended, &[Loss { from: 10, to: 12 }], 1).expect_err("it was not");
    }
}
