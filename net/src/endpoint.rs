//! A host and a port: what a grant names.

use std::fmt;

use url::Url;

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// As addresses write it: in lower case, other scripts in Punycode, without a dot at its end.
    host: String,
    port: u16,
}

/// A text that names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no server: a name and, if it is not 443, a port, such as api.example.org:8443")]
pub struct EndpointError(String);

impl Endpoint {
    /// Reads `HOST` or `HOST:PORT`; an IPv6 address stands in square brackets.
    ///
    /// # Errors
    /// [`EndpointError`] for anything else, a path or a user among it.
    pub fn parse(text: &str) -> Result<Endpoint, EndpointError> {
        let wrong = || EndpointError(text.to_owned());
        // What the parser would drop or take for something else.
        if text.ends_with(':') || text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(wrong());
        }
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| wrong())?;
        let plain =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !text.contains('@');
        Endpoint::of(&url).filter(|_| plain).ok_or_else(wrong)
    }

    /// The server of an address of HTTPS, none if it names none.
    pub fn of_address(address: &str) -> Option<Endpoint> {
        Url::parse(address).ok().filter(|url| url.scheme() == "https").and_then(|url| Endpoint::of(&url))
    }

    /// The server of an address; none if it names none.
    pub(crate) fn of(url: &Url) -> Option<Endpoint> {
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        let port = url.port_or_known_default()?;
        (!host.is_empty() && port != 0).then_some(Endpoint { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            HTTPS => f.write_str(&self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_port_are_read() {
        let read = |text: &str| Endpoint::parse(text).map(|endpoint| endpoint.to_string());
        assert_eq!(read("API.Example.org."), Ok("api.example.org".to_owned()));
        assert_eq!(read("api.example.org:443"), Ok("api.example.org".to_owned()));
        assert_eq!(read("api.example.org:8443"), Ok("api.example.org:8443".to_owned()));
        assert_eq!(read("[2606:4700::1]:8443"), Ok("[2606:4700::1]:8443".to_owned()));
        for wrong in [
            "",
            ":443",
            "a b",
            "https://a.b",
            "a.b/c",
            "me@a.b",
            "a.b:0",
            "a.b:x",
            "a.b:99999",
            "a.b:",
            "a.b?c",
            "a.b#c",
            "a.b\n",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
