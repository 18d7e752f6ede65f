//! The rules of Rekindle, and nothing else: no clock, no randomness, no store, no network.
//!
//! # Ten minutes
//! One login on one device is one [`Session`]: a row. A client holds a *refresh token* of some
//! [`Generation`] and asks for the next. [`refresh`] looks at the row and at the generation and says what
//! that leads to; if something is to be written, it hands back the row to commit.
//!
//! Everything a client receives is a pure function of the committed row. So nothing is lost between commit
//! and answer: whoever asks again, from whatever node, gets the same tokens.
//!
//! Three kinds of generation live in a [`Lineage`]:
//! * the **confirmed** one, whose holder has come back;
//! * the **candidates**, issued and not yet seen again. More than one exists when an answer was lost and its
//!   holder asked again much later;
//! * all others up to `latest` are **dead**.
//!
//! The holder of a candidate comes back: it is confirmed, and its ancestors and smaller siblings die. So
//! two independent holders, the user and a thief, kill each other's tokens by using their own, and within
//! three switches one of them presents a dead generation: theft. A race, a retry or a lost answer inside the
//! *replay window* only reads.
//!
//! [`renew`] is for requests that carry an access token near its end; it never judges. [`revoke`] and
//! [`bump`] end a session and outdate its claims. [`verdict`] is the authority's word on an access token.
//!
//! # Invariants
//! * `before <= confirmed <= floor < latest`; `latest` never falls while the row lives.
//! * Exactly `{confirmed}` and `(floor, latest]` yield tokens; a generation above `latest` only by
//!   [`Rotation::Heal`].
//! * Inside the replay window any number of presentations of `confirmed` or `latest` leave the row as it is,
//!   and the window is anchored at `issued_at`: it never slides.
//! * `absolute_until`, `subject`, `client_id` and `auth_time` never change.
//! * A status other than [`Status::Active`] is final.
//!
//! `docs/protocol.md` states all of them with their bounds; `tests/search/` walks every schedule of a small
//! world over these very functions and shows that they hold, and that each seeded bug is caught.

#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod access;
mod adopt;
mod id;
mod policy;
mod refresh;
mod renew;
mod revoke;
mod session;
mod status;
mod time;

pub use access::{Verdict, verdict};
pub use adopt::Adoption;
pub use id::{NotASessionId, SessionId};
pub use policy::{Contradiction, LateRetry, MANY_CANDIDATES, Policy, SUPERSEDED_SPAN, Settings};
pub use refresh::{Evidence, Presented, Refresh, Rotation, refresh};
pub use renew::{Renew, renew};
pub use revoke::{bump, revoke};
pub use session::{Device, Generation, Lineage, Opening, Seed, Session};
pub use status::{Deadline, Reason, Status};
pub use time::{Seconds, Timestamp};
