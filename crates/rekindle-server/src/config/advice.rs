//! What a configuration may say, and is worth a second thought.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rekindle::core::{Policy, Seconds};
use serde::Serialize;

use super::{AccountsKind, Checked, LateRetry, Playground, SameSite, Span, StoreAt};

/// One remark: on which key, what it leads to, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// With its section.
    pub key: &'static str,
    /// What it leads to, and the mend.
    pub text: String,
}

impl Checked {
    /// What is legal and still worth a second thought. Looks at files, and opens and creates none.
    pub fn advice(&self) -> Vec<Advice> {
        let mut found = Vec::new();
        let mut say = |key, text: &str| found.push(Advice { key, text: text.to_owned() });
        let policy = self.policy();
        if self.lifetimes.late_retry == LateRetry::Revoke {
            say(
                "lifetimes.late_retry",
                "with \"revoke\" a lost answer logs an honest user out: the promise does not hold; use \"fork\"",
            );
        }
        if policy.replay_window.is_none() {
            say(
                "lifetimes.replay_window",
                "\"off\": two tabs that refresh at once fork the session, and one of them is superseded; 30s covers them",
            );
        }
        if policy.replay_window.unwrap_or_default() > Policy::roomy_window(policy.access) {
            say(
                "lifetimes.replay_window",
                "more than half of lifetimes.access: a client whose answer is lost may have no live access token by the time it asks again",
            );
        }
        if policy.access > Seconds::minutes(15) {
            say(
                "lifetimes.access",
                "a service that verifies tokens by itself accepts one of an ended session for as long; 5m is usual",
            );
        }
        if policy.absolute > Seconds::days(366) {
            say("lifetimes.absolute", "a login of more than a year is a password nobody can change");
        }
        if self.public_url.is_none()
            && (!self.trusted_proxies.is_empty() || !self.listen.0.ip().is_loopback())
        {
            say(
                "public_url",
                "the server takes itself to be found at the address it listens on; behind a proxy the cookies then lack Secure, and their path may be wrong",
            );
        }
        let by_address = [self.limits.login_per_address, self.limits.refresh_per_address];
        let counts = by_address.iter().any(|rate| rate.0.is_some());
        if self.is_https() && self.tls.certificate_file.is_none() && self.trusted_proxies.is_empty() && counts
        {
            say(
                "trusted_proxies",
                "behind the proxy that speaks TLS all clients count as one address, and one who guesses passwords keeps everybody out; name it, such as [\"127.0.0.1\"]",
            );
        }
        if !self.listen.0.ip().is_loopback() && self.tls.certificate_file.is_none() {
            say(
                "listen",
                "other machines can reach it without TLS; put a proxy that speaks TLS in front, or set tls.certificate_file",
            );
        }
        if self.admin_listen.is_some_and(|admin| !admin.0.ip().is_loopback())
            && self.tls.certificate_file.is_none()
        {
            say(
                "admin_listen",
                "API keys travel in clear from other machines; set tls.certificate_file, or listen on loopback",
            );
        }
        if self.cookies.same_site == SameSite::None {
            say(
                "cookies.same_site",
                "\"None\": every site makes browsers send the cookies along; only Sec-Fetch-Site and Origin stand between",
            );
        }
        if self.cookies.domain.is_some() {
            say("cookies.domain", "every host of the domain sees the access cookie and can overwrite it");
        }
        if self.playground != Playground::Off {
            say(
                "playground",
                "the page for trying out: its scripts hold tokens in their hands; \"off\" where people sign in",
            );
        }
        if self.store == StoreAt::Memory {
            say("store", "memory: ends with the process, and every session with it");
        }
        if self.limits.password_kib.get() < 19 * 1024 && self.accounts_kind() == AccountsKind::Builtin {
            say(
                "limits.password_kib",
                "less than OWASP's least for argon2id (19456) makes stolen hashes cheaper to try",
            );
        }
        for (key, rate) in [
            ("limits.login_per_account", self.limits.login_per_account),
            ("limits.login_per_address", self.limits.login_per_address),
        ] {
            if rate.0.is_none() {
                say(key, "\"off\": passwords can be guessed as fast as they are checked");
            }
        }
        // A group may: a file of root's is handed to a service like that, and systemd's credentials are.
        if has_mode(&self.master_file(), 0o037) {
            say("keys.master_file", "others can read it, or its group write it: chmod 600");
        }
        // A group is often meant to: certificates are renewed by a program of their own.
        if self.tls.key_file.as_ref().is_some_and(|key| has_mode(key, 0o007)) {
            say("tls.key_file", "everybody on this machine can read it: chmod o= it");
        }
        if has_mode(&self.data_dir, 0o077) {
            say("data_dir", "others than its owner can look into it: chmod 700");
        }
        if self.accounts_kind() == AccountsKind::None && !self.dialects.mounted().is_empty() {
            say(
                "accounts.kind",
                "\"none\" with a dialect: its login path answers 403, so nobody logs in by it; the tokens that are out there \
                 are taken over all the same",
            );
        }
        for dialect in self.dialects.mounted() {
            dialect.advise(&mut say);
            // Whoever has said when logins end has thought of it.
            if let (Some(key), false, Ok(policy)) =
                (dialect.rolls(), self.is_set("lifetimes.absolute"), self.policy_of(dialect))
            {
                let end = Span(policy.absolute);
                say(
                    key,
                    &format!(
                        "on: with the package a login that is used lasts for ever; here it ends after {end}, or when \
                         lifetimes.absolute says"
                    ),
                );
            }
        }
        found
    }
}

/// Whether anybody has one of these rights on it. What is not there yet is made for its owner alone.
fn has_mode(path: &Path, mode: u32) -> bool {
    path.metadata().is_ok_and(|found| found.permissions().mode() & mode != 0)
}
