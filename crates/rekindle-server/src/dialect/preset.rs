//! How long a dialect's sessions live: its own settings over the server's.

use rekindle::core::{Contradiction, Policy, Seconds, Settings};

/// The server's own policy, over which a dialect lays its settings.
pub(crate) struct Base<'a> {
    pub(crate) policy: &'a Policy,
    /// Whether somebody set this key.
    pub(crate) is_set: &'a dyn Fn(&str) -> bool,
}

/// Two settings that do not go together, by their full names, and why not.
#[derive(Debug)]
pub(crate) struct Clash {
    pub(crate) keys: (&'static str, &'static str),
    pub(crate) rule: String,
}

/// The lives that a dialect knows, each with the key that sets it.
pub(crate) struct Lives {
    pub(crate) access: (&'static str, Seconds),
    pub(crate) idle: (&'static str, Seconds),
    pub(crate) leeway: (&'static str, Seconds),
}

/// What a row is kept for after its last token has ended: a token that is taken for longer would outlive what is known of it.
const LONGEST_LEEWAY: Seconds = Seconds::minutes(5);

/// How long the token before the newest is still answered, with the newest.
pub(crate) enum Window {
    /// Not at all.
    Closed,
    /// As the server does, where access tokens live long enough for that.
    Servers,
    /// For as long as access tokens allow.
    Widest,
}

/// Until when sessions go on that are used.
pub(crate) enum End {
    /// The server's absolute life.
    Servers,
    /// The first token's: using it moves nothing.
    First,
}

impl Base<'_> {
    /// For sessions whose refresh token rotates: each rotation counts the idle life anew, up to an end that there always is.
    pub(crate) fn rotating(&self, lives: &Lives, window: &Window, end: &End) -> Result<Policy, Clash> {
        let mut settings = self.settings(lives);
        let widest = Some(Policy::roomy_window(settings.access)).filter(|&window| window > Seconds(0));
        settings.replay_window = match window {
            Window::Closed => None,
            Window::Servers => settings.replay_window.min(widest),
            Window::Widest => widest,
        };
        settings.absolute = match end {
            End::First => settings.idle,
            End::Servers if (self.is_set)("lifetimes.absolute") => settings.absolute,
            // Whoever lets sessions be unused for longer than the server does by itself wants them to live for as long.
            End::Servers => settings.absolute.max(settings.idle),
        };
        checked(settings, lives)
    }

    /// For sessions whose token is renewed and never replaced: they end when the first one would have.
    pub(crate) fn renewing(&self, lives: &Lives) -> Result<Policy, Clash> {
        let mut settings = self.settings(lives);
        settings.rotation = false;
        settings.absolute = settings.idle;
        // Nothing is replayed that never changes; a window only has to go with a short life.
        settings.replay_window = settings.replay_window.min(Some(Policy::roomy_window(settings.access)));
        // Each renewal gives a whole life: such clients count on it, and come back when that much has passed.
        settings.renewal_slot = Some(Seconds(1));
        checked(settings, lives)
    }

    fn settings(&self, lives: &Lives) -> Settings {
        let mut settings = (**self.policy).clone();
        settings.access = lives.access.1;
        settings.idle = lives.idle.1;
        settings.renewal_threshold = Seconds(settings.access.0 / 2);
        settings.renewal_slot = None;
        // Its tokens are checked by the application itself, which goes by their `exp`.
        settings.transparent = false;
        settings
    }
}

fn checked(settings: Settings, lives: &Lives) -> Result<Policy, Clash> {
    if lives.leeway.1 > LONGEST_LEEWAY {
        let rule = "clocks that differ by more than five minutes are to be set, not to be borne".to_owned();
        return Err(Clash { keys: (lives.leeway.0, lives.access.0), rule });
    }
    Policy::new(settings).map_err(|contradiction| {
        let own = |key: &'static str| match key {
            "lifetimes.access" => lives.access.0,
            "lifetimes.idle" => lives.idle.0,
            server => server,
        };
        let (first, second) = contradiction.keys();
        let rule = match contradiction {
            Contradiction::OutOfRange => "a token lives 2 s at least, a session 100 years at most",
            Contradiction::AbsoluteBelowIdle => "the session would end before its refresh token",
            Contradiction::IdleBelowAccess => "an access token would outlive the session",
            other => other.rule(),
        };
        Clash { keys: (own(first), own(second)), rule: rule.to_owned() }
    })
}
