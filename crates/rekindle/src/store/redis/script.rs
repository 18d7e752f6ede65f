//! The scripts, each with the digest by which Redis knows it.

use std::sync::LazyLock;

use ::redis::{Cmd, Script, cmd};

/// A script and its first key, which says where it runs.
pub(super) struct Call<'a> {
    pub(super) script: &'a Script,
    /// How it is told apart from its text.
    body: &'static str,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

impl Call<'_> {
    pub(super) fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    pub(super) fn argument(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// By its digest, which Redis has seen before.
    pub(super) fn by_digest(&self) -> Cmd {
        self.command("EVALSHA", self.script.get_hash())
    }

    /// By its text, which Redis then keeps.
    pub(super) fn by_text(&self) -> Cmd {
        self.command("EVAL", self.body)
    }

    /// What a cluster finds the node by.
    pub(super) fn place(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys).arg(&self.arguments);
        command
    }
}

macro_rules! scripts {
    ($($name:ident)*) => {$(
        pub(super) fn $name() -> Call<'static> {
            const BODY: &str = include_str!(concat!("scripts/", stringify!($name), ".lua"));
            static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(BODY));
            Call { script: &SCRIPT, body: BODY, keys: Vec::new(), arguments: Vec::new() }
        }
    )*};
}

scripts! { insert commit revoke told enter since raise keyring }
