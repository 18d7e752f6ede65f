//! What a browser keeps, and what its tabs do with it.

/// How an application keeps its users' tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In cookies: one jar for all tabs.
    Cookie,
    /// A script keeps them where all tabs look.
    SharedHeader,
    /// Each tab has a copy of its own of the access token.
    OwnHeader,
    /// The token never changes.
    Transparent,
}

/// One browser: the refresh token is shared, whatever becomes of access tokens.
pub struct Browser {
    pub mode: Mode,
    pub access: String,
    pub refresh: String,
    /// Each tab's own copy.
    pub copies: Vec<String>,
}

impl Browser {
    pub fn new(mode: Mode, tabs: usize, access: &str, refresh: &str) -> Self {
        let copies = vec![access.to_owned(); tabs];
        Self { mode, access: access.to_owned(), refresh: refresh.to_owned(), copies }
    }

    /// What a tab sends along now.
    pub fn token(&self, tab: usize) -> &str {
        if self.mode == Mode::OwnHeader { &self.copies[tab] } else { &self.access }
    }

    /// An answer brings an access token: the last to arrive is kept, whichever was made last.
    pub fn keep(&mut self, tab: usize, access: &str) {
        access.clone_into(&mut self.copies[tab]);
        access.clone_into(&mut self.access);
    }
}
