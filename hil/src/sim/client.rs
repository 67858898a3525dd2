//! HTTP as a program speaks it: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value as Json, json};

/// A loaded machine may be slow; an answer that never comes is a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who owns every plant that a story begins.
const OWNER: &str = "bounmy";
const PASSWORD: &str = "clear water runs deep";

/// The owner of a plant at its HTTP address.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
    session: Option<String>,
}

/// Status, header lines, body.
pub struct Answer {
    pub status: u16,
    head: String,
    body: String,
}

impl Answer {
    pub fn json(&self) -> Result<Json, String> {
        serde_json::from_str(&self.body).map_err(|why| format!("{why}: {}", self.body))
    }
}

impl Client {
    /// `url` as the `ready` line has it.
    pub fn new(url: &str) -> Result<Client, String> {
        let address = url.strip_prefix("http://").ok_or_else(|| format!("no address: {url}"))?;
        Ok(Client { address: address.into(), session: None })
    }

    /// Makes the owner with the set-up code.
    pub fn set_up(&mut self, code: &str) -> Result<(), String> {
        self.enter("/api/setup", &json!({ "code": code, "user": OWNER, "password": PASSWORD }))
    }

    pub fn log_in(&mut self) -> Result<(), String> {
        self.enter("/api/session", &json!({ "user": OWNER, "password": PASSWORD }))
    }

    /// Keeps the session that the answer carries.
    fn enter(&mut self, route: &str, body: &Json) -> Result<(), String> {
        let answer = self.post(route, body)?;
        let cookie = answer.head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let cookie = value.trim().split(';').next()?;
            name.eq_ignore_ascii_case("set-cookie").then(|| cookie.to_owned())
        });
        let refused = || format!("{route}: {} {}", answer.status, answer.body);
        self.session = Some(cookie.ok_or_else(refused)?);
        Ok(())
    }

    pub fn get(&self, route: &str) -> Result<Json, String> {
        self.ask("GET", route, "")?.json()
    }

    pub fn post(&self, route: &str, body: &Json) -> Result<Answer, String> {
        self.ask("POST", route, &body.to_string())
    }

    fn ask(&self, method: &str, route: &str, body: &str) -> Result<Answer, String> {
        let failed = |why: std::io::Error| format!("{method} {route}: {why}");
        let mut stream = self.send(method, route, body).map_err(failed)?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(failed)?;
        let half = || format!("{method} {route}: half an answer: {text}");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(half)?;
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Ok(Answer { status: status.ok_or_else(half)?, head: head.into(), body: body.into() })
    }

    /// HTTP/1.0: the answer ends with the connection, and is not cut into chunks.
    pub fn send(&self, method: &str, route: &str, body: &str) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let session =
            self.session.as_ref().map_or_else(String::new, |it| format!("Cookie: {it}\r\n"));
        let request = format!(
            "{method} {route} HTTP/1.0\r\nHost: {}\r\n{session}X-Requested-By: sweetspring\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        );
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    }
}
