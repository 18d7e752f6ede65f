//! What one client may take.

use std::time::Duration;

use super::leaf::{Count, Rate};
use super::settings::section;
use super::span::Timeout;

section! {
    /// What one client may take.
    Limits, "limits";

    keys {
        /// How many connections are open at once. For the next one, the one that has waited for its client for longest
        /// makes room, a second or more: idle, or sending its request slowly.
        ///
        /// At worst each holds two buffers of `header_bytes` and a body: 4096 of them take some 200 MB.
        connections: Count = Count::of(4096);

        /// How long a request's head may take from its first byte, and the first byte from the connect.
        ///
        /// Ten seconds: a phone in a lift manages; a client that sends a byte a minute does not.
        header_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long a request's body may take, all of it.
        body_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long an answer may take to be made. Then it is 503, and the client asks again; a write that is under way
        /// goes on.
        ///
        /// Ten seconds: clients give a refresh up after some ten, and a store that hangs must not hang them.
        answer_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long an answer may wait for a client that does not read it.
        write_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long a connection is kept for the next request.
        ///
        /// Longer than the 60 seconds for which nginx keeps its end: the proxy closes first, and no request
        /// meets a connection that is just being closed.
        idle_timeout: Timeout = Timeout(Duration::from_secs(75));

        /// How long requests that are running may take to finish when the server stops.
        ///
        /// Ten seconds: what systemd and Kubernetes wait before they kill is longer.
        shutdown_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long the server goes on as before, but for `/readyz`, when it is asked to stop. Default: not at all.
        ///
        /// For several servers behind a load balancer: longer than it takes that to notice. Kubernetes needs some five
        /// seconds.
        shutdown_delay: Option<Timeout> = None;

        /// The longest body accepted.
        ///
        /// A login with a long password and a device label takes 5 kB.
        body_bytes: Count = Count::of(16 * 1024);

        /// The longest request head accepted; 8192 at least.
        ///
        /// Twice what nginx and most browsers send at most.
        header_bytes: Count = Count::of(16 * 1024);

        /// How many headers a request may have.
        headers: Count = Count::of(100);

        /// How often a login may be tried for one account, or its password changed. An address from which it has
        /// logged in is counted for itself: whoever guesses from elsewhere does not keep the owner out.
        ///
        /// Ten a minute: more than anybody mistypes; guessing takes for ever.
        login_per_account: Rate = Rate::of(10, Duration::from_secs(60));

        /// How often a login may be tried from one address; IPv6 addresses count by their /64.
        ///
        /// A hundred a minute: an office behind one address comes to work at nine.
        login_per_address: Rate = Rate::of(100, Duration::from_secs(60));

        /// How often one session may be refreshed.
        ///
        /// 300 a minute: a page that is reloaded all the time, times ten tabs. A client in a loop is slowed down,
        /// and never signed out.
        refresh_per_session: Rate = Rate::of(300, Duration::from_secs(60));

        /// How often one address may refresh; IPv6 addresses count by their /64.
        ///
        /// A refresh takes less than a millisecond of one core, so this is for floods only.
        refresh_per_address: Rate = Rate::of(6000, Duration::from_secs(60));

        /// How many accounts, addresses and sessions are counted at once, each. Of more, those that were seen only
        /// once are forgotten first. Every server counts for itself, and a restart forgets.
        ///
        /// Some 100 bytes each.
        counted: Count = Count::of(100_000);

        /// How many sessions one subject may have at once; the one seen least recently ends. Default: no cap.
        sessions_per_subject: Option<Count> = None;

        /// How many passwords are checked at once; more wait. Default: as many as fit into 256 MiB, and no more
        /// than there are cores, for more would only slow down every other request.
        passwords_at_once: Option<Count> = None;

        /// How long a login waits for its turn before it is told to come back (503).
        password_wait: Timeout = Timeout(Duration::from_secs(5));

        /// The memory one password check takes, in KiB.
        ///
        /// 19 MiB, with two passes: OWASP's first choice for argon2id. Accounts move to a new value at their
        /// next login.
        password_kib: Count = Count::of(19 * 1024);
    }
}
