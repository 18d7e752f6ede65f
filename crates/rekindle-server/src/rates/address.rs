//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::app::AppState;
use crate::serve::Peer;

/// The client's address, as far as it is known: a router that another server drives has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// What is counted as one client. One household or one rented server has a whole /64 of IPv6 (RFC 6177), and could
    /// take another address for every request.
    pub(super) fn block(self) -> Option<IpAddr> {
        self.0.map(|address| match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
            v4 => v4,
        })
    }
}

impl ClientAddress {
    /// Where the request comes from.
    pub(crate) fn of(parts: &Parts, app: &AppState) -> Self {
        let peer = parts.extensions.get::<Peer>();
        Self(peer.map(|Peer(peer)| app.proxies.client(*peer, &parts.headers)))
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}

/// Whose `X-Forwarded-For` counts. Nobody else's: anybody can write one.
///
/// `Forwarded` (RFC 7239) is not read: a proxy that writes the one and passes on the other would let its clients choose
/// their address.
#[derive(Clone, Debug, Default)]
pub struct Proxies(pub Vec<IpNet>);

impl Proxies {
    /// Every proxy appends who asked it, so the list is read from its end, for as long as the one who wrote an entry is
    /// trusted. What cannot be read ends it: the last one that is known counts.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lists = headers.get_all("x-forwarded-for").iter().rev();
        // By bytes: what a client wrote before, in whatever encoding, must not hide what the proxy has added.
        let mut entries = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
        while self.0.iter().any(|network| network.contains(&client))
            && let Some(next) = entries.next().and_then(|entry| address(std::str::from_utf8(entry).ok()?))
        {
            client = next;
        }
        client
    }
}

/// An address, with or without a port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(trusted: &[&str], peer: &str, lists: &[&str]) -> String {
        let proxies = Proxies(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append("x-forwarded-for", HeaderValue::from_str(list).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_counts() {
        let inside = &["10.0.0.0/8", "fd00::/8"][..];
        for (peer, lists, expected) in [
            ("192.0.2.1", &["203.0.113.7"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.7, 10.2.3.4"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.7", "10.2.3.4"], "203.0.113.7"),
            ("10.0.0.1", &["10.9.9.9 ,10.2.3.4"], "10.9.9.9"),
            ("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, junk, 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &["203.0.113.7,"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
        ] {
            assert_eq!(client(inside, peer, lists), expected, "{peer} {lists:?}");
        }
        assert_eq!(client(&[], "10.0.0.1", &["203.0.113.7"]), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn nobody_who_is_not_trusted_chooses_an_address(lists in prop::collection::vec("[ -~]{0,60}", 0..4)) {
            let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
            prop_assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &lists), "192.0.2.1");
        }

        #[test]
        fn nothing_before_what_the_proxy_saw_counts(before in prop::collection::vec(0x20..=0xff_u8, 0..60)) {
            prop_assume!(!before.contains(&0x7f));
            let list = [before.as_slice(), b", 203.0.113.7"].concat();
            let list = HeaderValue::from_bytes(&list).unwrap();
            let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), list)]);
            let proxies = Proxies(vec!["10.0.0.0/8".parse().unwrap()]);
            let client = proxies.client("10.0.0.1".parse().unwrap(), &headers);
            prop_assert_eq!(client.to_string(), "203.0.113.7");
        }
    }
}
