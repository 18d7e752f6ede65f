//! What a device is called in the list of sessions: "Firefox on Linux".
//!
//! Read from the user agent by its best-known marks, and roughly: it is a hint for a person, never a
//! decision. The user agent itself is not kept.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use rekindle::core::Device;

/// Later marks are carried by earlier ones too (Edge calls itself Chrome, Chrome calls itself Safari).
const AGENTS: [(&str, &str); 14] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("okhttp/", "okhttp"),
    ("python-requests/", "Python"),
    ("node", "Node.js"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The device of a request, named by the client or else by its user agent; nameless if neither says.
pub(crate) fn device(named: Option<String>, headers: &HeaderMap) -> Device {
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let (agent, system) = (find(&AGENTS), find(&SYSTEMS));
    let parsed = match (agent, system) {
        (Some(agent), Some(system)) => format!("{agent} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    };
    Device {
        label: named.unwrap_or(parsed),
        agent: agent.unwrap_or_default().to_owned(),
        ..Device::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(user_agent: &'static str) -> String {
        let headers = HeaderMap::from_iter([(USER_AGENT, user_agent.parse().unwrap())]);
        device(None, &headers).label
    }

    #[test]
    fn a_user_agent_becomes_a_short_label() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 \
                 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                 Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("something else entirely", ""),
        ];
        for (user_agent, expected) in cases {
            assert_eq!(label(user_agent), expected, "{user_agent}");
        }
    }

    #[test]
    fn the_client_names_its_device_itself_if_it_likes() {
        let headers = HeaderMap::from_iter([(USER_AGENT, "curl/8.5.0".parse().unwrap())]);
        let named = device(Some("Kitchen tablet".to_owned()), &headers);
        assert_eq!((named.label.as_str(), named.agent.as_str()), ("Kitchen tablet", "curl"));
    }
}
