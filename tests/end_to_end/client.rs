//! HTTP as a program speaks it: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value as Json;

/// A loaded machine may be slow; an answer that never comes is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody at a plant's HTTP address, with a session once logged in.
#[derive(Clone, Debug)]
pub struct Client {
    /// Host and port.
    pub address: String,
    session: Option<String>,
}

/// Status, header lines, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Client {
    /// `url` as the `ready` line has it.
    pub fn new(url: &str) -> Client {
        let address = url.strip_prefix("http://").expect("plain on loopback").to_owned();
        Client { address, session: None }
    }

    pub fn get(&self, route: &str) -> Json {
        let answer = self.ask("GET", route, "");
        assert_eq!(answer.status, 200, "{route}: {}", answer.body);
        answer.json()
    }

    pub fn post(&self, route: &str, body: &Json) -> Answer {
        self.ask("POST", route, &body.to_string())
    }

    /// Keeps the session that an answer to a log-in or the set-up carries.
    pub fn enter(&mut self, route: &str, body: &Json) {
        let answer = self.post(route, body);
        assert_eq!(answer.status, 200, "{route}: {}", answer.body);
        let cookie = answer.head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let cookie = value.trim().split(';').next()?;
            name.eq_ignore_ascii_case("set-cookie").then(|| cookie.to_owned())
        });
        self.session = Some(cookie.expect("a session cookie"));
    }

    fn ask(&self, method: &str, route: &str, body: &str) -> Answer {
        let mut stream = self.send(method, route, body);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Answer { status: status.expect("a status"), head: head.into(), body: body.into() }
    }

    /// HTTP/1.0: the answer ends with the connection, and is not cut into chunks.
    pub fn send(&self, method: &str, route: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let session =
            self.session.as_ref().map_or_else(String::new, |it| format!("Cookie: {it}\r\n"));
        let request = format!(
            "{method} {route} HTTP/1.0\r\nHost: {}\r\n{session}X-Requested-By: sweetspring\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }
}
