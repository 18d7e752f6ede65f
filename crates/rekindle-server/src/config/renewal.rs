//! Access tokens inside requests: renewed there, and told of to proxies.

use super::leaf::{HeaderName, IdentityHeader, Page, RenewalMode};
use super::settings::section;
use super::span::Lifetime;

section! {
    /// In-request renewal.
    Renewal, "renewal";

    keys {
        /// Whether `GET /v1/forward-auth` renews access tokens: `"header"`, into a header of its answer; `"cookie"`, into the
        /// access token's cookie; `"transparent"`, not at all: a token is good as long as its session, whatever its `exp`.
        ///
        /// Off: an access token that renews itself is worth a session to whoever steals it, until `lifetimes.absolute`, and nobody notices. Only a
        /// refresh token does better.
        mode: RenewalMode = RenewalMode::Off;

        /// An access token is renewed inside a request when this much of its life is left, or less. Default:
        /// two minutes, or two fifths of `lifetimes.access` where that is shorter.
        threshold: Option<Lifetime> = None;

        /// The header that a renewed token comes in, in mode `"header"`.
        header: HeaderName = HeaderName::default();

        /// Whether it stands there as a request has it, behind `Bearer `, or alone.
        scheme: bool = true;

        /// Whether an access token is refused a replay window after its renewal.
        ///
        /// Off: a tab with a copy of its own would be signed out.
        retire_old: bool = false;
    }
}

section! {
    /// For proxies that ask who makes a request: nginx, Caddy, Traefik.
    ForwardAuth, "forward_auth";

    keys {
        /// The headers that tell the application who it is, each with the claim in it. All of them are always sent, empty
        /// where there is nothing to say: a proxy that copies them overwrites what a client has made up.
        ///
        /// Names that applications know from other such servers. The proxy's configuration names the same ones.
        identity: Vec<IdentityHeader> = IdentityHeader::usual();

        /// Where one logs in: where pages send whoever is not signed in, with `next=`: the page that was asked for. A path of
        /// the same host, or an address of an origin in `cors.origins`. Without it, they are answered 401.
        login: Option<Page> = None;

        /// Whether pages are redirected by the answer itself, as Caddy and Traefik pass on; nginx takes the address from
        /// the 401.
        redirect: bool = false;
    }
}
