//! Fetching one address.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{HeaderValue, Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};
use url::Url;

use crate::address::is_public;
use crate::endpoint::Endpoint;
use crate::limited;
use crate::token::Token;

/// The most bytes of a body that are read.
const MAX_BODY: u64 = 16 << 20;
/// The longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The headers that are passed on; others say when and by whom an answer was served rather than what it is.
const HEADERS: [&str; 5] = ["content-type", "etag", "last-modified", "link", "location"];

/// Fetches by HTTPS from public servers.
#[derive(Debug)]
pub struct Fetcher {
    /// Made when it is first needed, since it reads the machine's certificates.
    agent: OnceLock<Agent>,
    reachable: fn(IpAddr) -> bool,
    schemes: &'static [&'static str],
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The status, such as 200 or 404.
    pub status: u16,
    /// Those that say what the body is, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, at most 16 MiB.
    pub body: Vec<u8>,
}

impl Fetched {
    fn holds(&self, token: &Token) -> bool {
        token.is_in(&self.body) || self.headers.values().any(|value| token.is_in(value.as_bytes()))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It is no address that can be fetched.
    #[error("{url:?} cannot be fetched: {reason}")]
    Address {
        /// As asked for.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name leads to this machine or its network.
    #[error("{server} is no public server")]
    NotPublic {
        /// The server.
        server: Endpoint,
    },
    /// It sends more than is read.
    #[error("{server} sends more than {MAX_BODY} bytes")]
    TooLarge {
        /// The server.
        server: Endpoint,
    },
    /// It says that it cannot answer now (429, 500 and the like): that is no fact.
    #[error("{server} cannot answer now: status {status}")]
    Unwell {
        /// The server.
        server: Endpoint,
        /// The status.
        status: u16,
    },
    /// It answers no more requests for some time (429, or 403 with GitHub's headers): that is no fact either.
    #[error("{server} answers no more requests for now: ask again {again}")]
    Limited {
        /// The server.
        server: Endpoint,
        /// When, as far as it said.
        again: String,
    },
    /// It sent the token back, which whoever reads the answer is not to see.
    #[error("{server} sends the token back in its answer, which is shown to nobody therefore")]
    Echo {
        /// The server.
        server: Endpoint,
    },
    /// It did not answer, or not in this protocol. No more is told, since a plugin could otherwise explore a network by it.
    #[error("{server} does not answer")]
    Silent {
        /// The server.
        server: Endpoint,
        /// What the library says.
        #[source]
        source: Box<ureq::Error>,
    },
}

impl Default for Fetcher {
    fn default() -> Self {
        Fetcher::new(&["https"], is_public)
    }
}

impl Fetcher {
    fn new(schemes: &'static [&'static str], reachable: fn(IpAddr) -> bool) -> Fetcher {
        Fetcher { agent: OnceLock::new(), reachable, schemes }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| agent(self.reachable))
    }

    /// Asks for `url` with GET, and sends the token along if there is one. Blocks. Where the answer points elsewhere it is given as
    /// it is: whoever follows asks anew, and decides anew about a token.
    ///
    /// # Errors
    /// [`FetchError`]; a status that tells of an error is an answer.
    pub fn fetch(&self, url: &str, token: Option<&Token>) -> Result<Fetched, FetchError> {
        let (url, server) = self.address(url)?;
        let mut request = self.agent().get(url.as_str());
        if let Some(token) = token {
            request = request.header("authorization", bearer(token));
        }
        let fetched = read(&server, request.call().map_err(|error| failed(&server, error))?)?;
        match token {
            Some(token) if fetched.holds(token) => Err(FetchError::Echo { server }),
            _ => Ok(fetched),
        }
    }

    fn address(&self, url: &str) -> Result<(Url, Endpoint), FetchError> {
        let wrong = |reason| FetchError::Address { url: url.chars().take(200).collect(), reason };
        let parsed = Url::parse(url).map_err(|_| wrong("it is no address"))?;
        if !self.schemes.contains(&parsed.scheme()) {
            return Err(wrong("only https is spoken"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong("it names a user"));
        }
        if parsed.fragment().is_some() {
            return Err(wrong("what stands behind # is never sent"));
        }
        let server = Endpoint::of(&parsed).ok_or_else(|| wrong("it names no server"))?;
        Ok((parsed, server))
    }
}

fn bearer(token: &Token) -> HeaderValue {
    let text = format!("Bearer {}", token.reveal());
    let mut value = HeaderValue::from_str(&text).expect("a token is of visible ASCII");
    value.set_sensitive(true);
    value
}

fn agent(reachable: fn(IpAddr) -> bool) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Config::builder()
        .tls_config(tls)
        .max_redirects(0)
        .http_status_as_error(false)
        // A proxy would resolve names by itself, and reach what is not to be reached.
        .proxy(None)
        .user_agent("probity")
        .timeout_global(Some(PATIENCE))
        .build();
    let resolver = Reachable { all: DefaultResolver::default(), reachable };
    Agent::with_parts(config, DefaultConnector::default(), resolver)
}

fn read(server: &Endpoint, mut response: Response<Body>) -> Result<Fetched, FetchError> {
    let header =
        |name: &&str| Some(((*name).to_owned(), response.headers().get(*name)?.to_str().ok()?.to_owned()));
    if let Some(again) = limited::again(response.status().as_u16(), response.headers()) {
        return Err(FetchError::Limited { server: server.clone(), again });
    }
    if matches!(response.status().as_u16(), 408 | 425 | 429 | 500..) {
        return Err(FetchError::Unwell { server: server.clone(), status: response.status().as_u16() });
    }
    // A body that ends with the connection could have been cut off by anybody in between.
    if !["content-length", "transfer-encoding"].iter().any(|name| response.headers().contains_key(*name)) {
        let source = Box::new(io::Error::other("it does not tell where its answer ends").into());
        return Err(FetchError::Silent { server: server.clone(), source });
    }
    let (status, headers) = (response.status().as_u16(), HEADERS.iter().filter_map(header).collect());
    let body = response.body_mut().with_config().limit(MAX_BODY).read_to_vec();
    Ok(Fetched { status, headers, body: body.map_err(|error| failed(server, error))? })
}

fn failed(server: &Endpoint, error: ureq::Error) -> FetchError {
    let server = server.clone();
    match error {
        ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge { server },
        ureq::Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<NotPublic>()) => {
            FetchError::NotPublic { server }
        }
        error => FetchError::Silent { server, source: Box::new(error) },
    }
}

/// Resolves names to addresses that may be reached. The connection goes to the very address that was looked at.
#[derive(Debug)]
struct Reachable {
    all: DefaultResolver,
    reachable: fn(IpAddr) -> bool,
}

#[derive(Debug, thiserror::Error)]
#[error("it is no public server")]
struct NotPublic;

impl Resolver for Reachable {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut some = self.empty();
        let all = self.all.resolve(uri, config, timeout)?;
        all.iter().filter(|address| (self.reachable)(address.ip())).for_each(|address| some.push(*address));
        if some.is_empty() { Err(io::Error::other(NotPublic).into()) } else { Ok(some) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Serves these answers, one connection each, on this machine; what is asked for is each request's first line, and that of the
    /// token if there is one.
    struct Server {
        at: String,
        asked: thread::JoinHandle<Vec<String>>,
    }

    impl Server {
        fn new(answers: impl IntoIterator<Item = String>) -> Server {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let at = listener.local_addr().unwrap().to_string();
            let answers: Vec<String> = answers.into_iter().collect();
            let asked = thread::spawn(move || {
                let serve = |answer: String| {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let first = lines.next().unwrap().unwrap();
                    let further = lines.map(Result::unwrap).take_while(|line| !line.is_empty());
                    let token =
                        further.filter(|line| line.to_lowercase().starts_with("authorization:")).last();
                    // A reader that has had enough closes.
                    let _ = stream.write_all(answer.as_bytes());
                    token.map_or(first.clone(), |token| format!("{first}, {token}"))
                };
                answers.into_iter().map(serve).collect()
            });
            Server { at, asked }
        }

        fn url(&self, path: &str) -> String {
            format!("http://{}{path}", self.at)
        }
    }

    fn answer(status: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    /// One that also reaches this machine, without encryption.
    fn lenient() -> Fetcher {
        Fetcher::new(&["http"], |_| true)
    }

    #[test]
    fn an_answer_is_passed_on_with_the_headers_that_say_what_it_is() {
        let server = Server::new([answer(
            "404 Not Found",
            "ETag: \"1\"\r\nDate: today\r\nX-Served-By: me\r\n",
            "none",
        )]);
        let fetched = lenient().fetch(&server.url("/a?b"), None).unwrap();
        assert_eq!((fetched.status, fetched.body.as_slice()), (404, b"none".as_slice()));
        assert_eq!(fetched.headers, [("etag".to_owned(), "\"1\"".to_owned())].into());
        assert_eq!(server.asked.join().unwrap(), ["GET /a?b HTTP/1.1"]);
    }

    #[test]
    fn a_redirect_is_an_answer_and_is_not_followed() {
        let server = Server::new([answer("302 Found", "Location: https://elsewhere.example/\r\n", "")]);
        let fetched = lenient().fetch(&server.url("/"), None).unwrap();
        assert_eq!(
            (fetched.status, fetched.headers["location"].as_str()),
            (302, "https://elsewhere.example/")
        );
        assert_eq!(server.asked.join().unwrap().len(), 1);
    }

    #[test]
    fn a_token_goes_to_the_server_that_is_asked_and_not_to_where_it_points() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("Location: http://{}/\r\n", elsewhere.local_addr().unwrap());
        let server = Server::new([answer("302 Found", &location, ""), answer("200 OK", "", "")]);
        let (fetcher, token) = (lenient(), Token::parse("s3cret").unwrap());
        assert_eq!(fetcher.fetch(&server.url("/a"), Some(&token)).unwrap().status, 302);
        fetcher.fetch(&server.url("/b"), None).unwrap();
        let asked = server.asked.join().unwrap();
        assert_eq!(asked, ["GET /a HTTP/1.1, authorization: Bearer s3cret", "GET /b HTTP/1.1"]);
        elsewhere.set_nonblocking(true).unwrap();
        assert_eq!(elsewhere.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody knocked");
    }

    #[test]
    fn no_token_is_sent_without_encryption() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let fetcher = Fetcher::new(&["https"], |_| true);
        let token = Token::parse("s3cret").unwrap();
        let error = fetcher.fetch(&url, Some(&token)).unwrap_err().to_string();
        assert!(error.ends_with("only https is spoken") && !error.contains("s3cret"), "{error}");
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody knocked");
    }

    #[test]
    fn an_answer_that_holds_the_token_is_none() {
        let echoes = [("", "{\"you\":\"s3cret\"}"), ("ETag: s3cret\r\n", "")];
        let server = Server::new(echoes.map(|(headers, body)| answer("200 OK", headers, body)));
        let token = Token::parse("s3cret").unwrap();
        for _ in echoes {
            let error = lenient().fetch(&server.url("/"), Some(&token)).unwrap_err().to_string();
            assert!(error.contains("sends the token back") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn who_has_asked_too_much_is_told_when_to_ask_again() {
        let headers = "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1795345517\r\n";
        let server = Server::new([answer("403 Forbidden", headers, "{}"), answer("200 OK", headers, "{}")]);
        let error = lenient().fetch(&server.url("/"), None).unwrap_err().to_string();
        let when = "ask again after 2026-11-22 11:05:17 UTC";
        assert_eq!(error, format!("{} answers no more requests for now: {when}", server.at));
        let fetched = lenient().fetch(&server.url("/"), None).unwrap();
        assert!(fetched.headers.is_empty(), "what differs from request to request is no part of an answer");
    }

    #[test]
    fn a_body_without_end_is_not_read() {
        let body = "x".repeat((MAX_BODY + 1) as usize);
        let server = Server::new([answer("200 OK", "", &body)]);
        let error = lenient().fetch(&server.url("/"), None).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn what_is_no_whole_answer_is_none() {
        let statuses = ["429 Too Many Requests", "503 Service Unavailable"];
        let cut = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhal".to_owned();
        let short = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhal".to_owned();
        let server =
            Server::new(statuses.map(|status| answer(status, "", "")).into_iter().chain([cut, short]));
        let told = || lenient().fetch(&server.url("/"), None).unwrap_err().to_string();
        let at = &server.at;
        assert_eq!(told(), format!("{at} cannot answer now: status 429"));
        assert_eq!(told(), format!("{at} cannot answer now: status 503"));
        assert_eq!([told(), told()], [(); 2].map(|()| format!("{at} does not answer")));
    }

    #[test]
    fn a_server_of_this_machine_is_not_asked_although_it_is_granted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in
            ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
        {
            let endpoint = Endpoint::parse(&format!("{host}:{port}")).unwrap();
            let url = format!("https://{host}:{port}/");
            let error = Fetcher::default().fetch(&url, None).unwrap_err();
            assert_eq!(error.to_string(), format!("{endpoint} is no public server"));
        }
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody knocked");
    }

    #[test]
    fn what_is_no_plain_https_is_refused() {
        let refused = |url: &str| Fetcher::default().fetch(url, None).unwrap_err().to_string();
        assert_eq!(refused("http://a.b/"), "\"http://a.b/\" cannot be fetched: only https is spoken");
        assert_eq!(
            refused("file:///etc/passwd"),
            "\"file:///etc/passwd\" cannot be fetched: only https is spoken"
        );
        assert_eq!(
            refused("https://me:pw@a.b/"),
            "\"https://me:pw@a.b/\" cannot be fetched: it names a user"
        );
        assert_eq!(
            refused("https://a.b/#c"),
            "\"https://a.b/#c\" cannot be fetched: what stands behind # is never sent"
        );
        assert_eq!(refused("a.b"), "\"a.b\" cannot be fetched: it is no address");
    }
}
