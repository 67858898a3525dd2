//! A browser as far as the tests need one.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::plant::PASSWORD;

/// Longest wait for anything; nothing here depends on how long it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// One browser with its cookie.
#[derive(Clone)]
pub struct Browser {
    address: SocketAddr,
    cookie: Option<String>,
    /// Headers said otherwise, or not at all.
    headers: Vec<(String, Option<String>)>,
    tls: Option<Arc<ClientConfig>>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The key of a refusal; empty where nothing was refused.
    pub fn error(&self) -> &'static str {
        let key = self.json()["error"].as_str().unwrap_or_default().to_owned();
        key.leak()
    }

    fn of(bytes: &[u8]) -> Reply {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: bytes[end + 4..].to_vec() };
        if reply.header("transfer-encoding") == Some("chunked") {
            let mut rest = std::mem::take(&mut reply.body);
            while let Some(chunk) = take_chunk(&mut rest) {
                reply.body.extend(chunk);
            }
        }
        reply
    }
}

/// Takes the first whole chunk (RFC 9112, 7.1).
fn take_chunk(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let line = bytes.windows(2).position(|two| two == b"\r\n")?;
    let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16).unwrap();
    let end = line + 2 + size;
    if bytes.len() < end + 2 {
        return None;
    }
    let chunk = bytes[line + 2..end].to_vec();
    bytes.drain(..end + 2);
    Some(chunk)
}

impl Browser {
    pub fn new(address: SocketAddr) -> Browser {
        Browser { address, cookie: None, headers: vec![], tls: None }
    }

    /// The same browser, but for one header.
    pub fn with(&self, header: &str, value: Option<&str>) -> Browser {
        let mut other = self.clone();
        other.headers.push((header.into(), value.map(Into::into)));
        other
    }

    /// Over TLS, with the plant's certificate installed.
    pub fn trusting(mut self, state: &Path) -> Browser {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(state.join("tls/hmi.crt")).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let settings = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        self.tls = Some(Arc::new(settings));
        self
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.request("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, body: &Json) -> Reply {
        self.request("POST", path, Some(body)).await
    }

    pub async fn delete(&mut self, path: &str) -> Reply {
        self.request("DELETE", path, None).await
    }

    pub async fn try_log_in(&mut self, user: &str, password: &str) -> Reply {
        self.post("/api/session", &json!({ "user": user, "password": password })).await
    }

    /// Logs in; the cookie as it was set.
    pub async fn log_in(&mut self, user: &str) -> String {
        let reply = self.try_log_in(user, PASSWORD).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.header("set-cookie").unwrap().to_owned()
    }

    /// Both steps of a command.
    pub async fn command(&mut self, command: &str, target: Json) -> Reply {
        let select = json!({ "command": command, "target": target });
        let token = self.post("/api/select", &select).await.json()["token"].clone();
        let carry =
            json!({ "token": token, "command": command, "target": target, "why": "by hand" });
        self.post("/api/command", &carry).await
    }

    async fn request(&mut self, method: &str, path: &str, body: Option<&Json>) -> Reply {
        let bytes = self.raw(&self.head_and_body(method, path, body)).await;
        let reply = Reply::of(&bytes);
        if let Some(cookie) = reply.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        reply
    }

    fn head_and_body(&self, method: &str, path: &str, body: Option<&Json>) -> String {
        let host = format!("127.0.0.1:{}", self.address.port());
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let body = body.map(Json::to_string).unwrap_or_default();
        let mut headers = vec![("Host".to_owned(), host.clone())];
        if method != "GET" {
            headers.push(("Origin".into(), format!("{scheme}://{host}")));
            headers.push(("X-Requested-By".into(), "sweetspring".into()));
            headers.push(("Content-Type".into(), "application/json".into()));
            headers.push(("Content-Length".into(), body.len().to_string()));
        }
        headers.extend(self.cookie.iter().map(|cookie| ("Cookie".into(), cookie.clone())));
        for (name, value) in &self.headers {
            headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
            headers.extend(value.iter().map(|value| (name.clone(), value.clone())));
        }
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n" + &body
    }

    /// Sends this and reads to the end.
    pub async fn raw(&self, text: &str) -> Vec<u8> {
        let (address, tls, text) = (self.address, self.tls.clone(), text.to_owned());
        let talk = tokio::task::spawn_blocking(move || {
            let socket = std::net::TcpStream::connect(address).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            match tls {
                None => say(socket, &text),
                Some(settings) => {
                    let name = "localhost".try_into().unwrap();
                    let connection = ClientConnection::new(settings, name).unwrap();
                    say(StreamOwned::new(connection, socket), &text)
                }
            }
        });
        talk.await.unwrap()
    }

    /// Opens a live stream.
    pub async fn stream(&self, path: &str) -> LiveStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let head = self.head_and_body("GET", path, None);
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut stream = LiveStream { socket, headers: vec![], raw: vec![], text: String::new() };
        let end = loop {
            if let Some(end) = stream.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(stream.read().await, "the stream did not open");
        };
        stream.headers = Reply::of(&stream.raw[..end]).headers;
        stream.raw.drain(..end);
        stream
    }
}

fn say(mut stream: impl Read + Write, text: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    // A server may refuse before it has read everything.
    if let Err(error) = stream.write_all(text.as_bytes()) {
        assert!(
            matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset),
            "{error}"
        );
    }
    if let Err(error) = stream.read_to_end(&mut answer) {
        let ended = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
        assert!(ended, "{error}");
    }
    answer
}

/// An open live stream.
pub struct LiveStream {
    socket: TcpStream,
    headers: Vec<(String, String)>,
    raw: Vec<u8>,
    text: String,
}

impl LiveStream {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The next event of this name; others are passed over.
    pub async fn event(&mut self, name: &str) -> Json {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (own, data) = event.split_once('\n').unwrap();
                let data = data.strip_prefix("data: ").unwrap().to_owned();
                let wanted = own.strip_prefix("event: ") == Some(name);
                self.text = rest.to_owned();
                if wanted {
                    return serde_json::from_str(&data).unwrap();
                }
            }
            assert!(self.read().await, "the stream ended before {name}");
        }
    }

    /// Waits for its end.
    pub async fn ends(&mut self) {
        while self.read().await {}
    }

    /// Reads on; false at the end.
    async fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut bytes)).await;
        let count = read.expect("something within half a minute").unwrap_or(0);
        self.raw.extend(&bytes[..count]);
        if !self.headers.is_empty() {
            while let Some(chunk) = take_chunk(&mut self.raw) {
                if chunk.is_empty() {
                    return false;
                }
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
        count > 0
    }
}
