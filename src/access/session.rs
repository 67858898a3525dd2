//! Sessions of browsers, and commands announced in them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use plc::image::Command;
use plc::tag::Role;

use crate::access::password::random;
use crate::exchange::Who;

/// Without an action for this long, the next one needs a new log-in (`docs/spec/interfaces.md` HMI-34).
pub const IDLE_MAX: Duration = Duration::from_secs(15 * 60);
/// A session ends after this, whatever happens (HMI-34).
pub const AGE_MAX: Duration = Duration::from_secs(8 * 3600);
/// Sessions of one user; at the limit the oldest ends (SEC-07).
const PER_USER_MAX: usize = 5;
/// A command is carried out this long after it was announced, or not at all (HMI-30).
const SELECTED_MAX: Duration = Duration::from_secs(30);
/// Announced commands of all sessions; at the limit the oldest lapses.
const SELECTIONS_MAX: usize = 256;

/// 128 random bits that name a session or an announced command.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    fn new() -> Token {
        Token(random())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Tokens stay out of logs.
impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Token")
    }
}

impl FromStr for Token {
    type Err = ();
    fn from_str(text: &str) -> Result<Token, ()> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        u128::from_str_radix(text, 16).map(|number| Token(number.to_be_bytes())).map_err(|_| ())
    }
}

/// A browser whose user has logged in.
#[derive(Debug)]
pub struct Session {
    pub who: Who,
    /// The password it was opened with; the session ends with it.
    pub password_hash: String,
    opened: Instant,
    acted: Instant,
}

impl Session {
    pub fn new(who: Who, password_hash: String, now: Instant) -> Session {
        Session { who, password_hash, opened: now, acted: now }
    }

    /// Left before an action needs a new log-in.
    pub fn idle_left(&self, now: Instant) -> Duration {
        IDLE_MAX.saturating_sub(now.saturating_duration_since(self.acted))
    }

    /// The user acts, with the roles of now.
    pub fn act(&mut self, roles: Vec<Role>, now: Instant) {
        self.acted = now;
        self.who.roles = roles;
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.opened) >= AGE_MAX
    }
}

/// All open sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<Token, Session>,
}

impl Sessions {
    pub fn open(&mut self, session: Session) -> Token {
        let now = session.opened;
        self.open.retain(|_, other| !other.is_over(now));
        let of_user = self.open.iter().filter(|(_, other)| other.who.user == session.who.user);
        let mut of_user: Vec<(Instant, Token)> =
            of_user.map(|(token, other)| (other.opened, *token)).collect();
        if of_user.len() >= PER_USER_MAX {
            of_user.sort_by_key(|(opened, _)| *opened);
            self.open.remove(&of_user[0].1);
        }
        let token = Token::new();
        self.open.insert(token, session);
        token
    }

    pub fn get(&mut self, token: &Token, now: Instant) -> Option<&Session> {
        self.get_mut(token, now).map(|session| &*session)
    }

    pub fn get_mut(&mut self, token: &Token, now: Instant) -> Option<&mut Session> {
        if self.open.get(token)?.is_over(now) {
            self.open.remove(token);
        }
        self.open.get_mut(token)
    }

    pub fn close(&mut self, token: &Token) {
        self.open.remove(token);
    }
}

#[derive(Debug)]
struct Selection {
    session: Token,
    command: Command,
    order: u32,
    at: Instant,
}

/// Commands announced and not yet carried out.
#[derive(Debug, Default)]
pub struct Selections {
    open: HashMap<Token, Selection>,
}

impl Selections {
    pub fn select(&mut self, session: &Token, command: Command, order: u32, now: Instant) -> Token {
        self.open.retain(|_, one| now.saturating_duration_since(one.at) < SELECTED_MAX);
        if self.open.len() >= SELECTIONS_MAX {
            let oldest = self.open.iter().min_by_key(|(_, one)| one.at);
            if let Some(token) = oldest.map(|(token, _)| *token) {
                self.open.remove(&token);
            }
        }
        let token = Token::new();
        self.open.insert(token, Selection { session: *session, command, order, at: now });
        token
    }

    pub fn redeem(
        &mut self,
        session: &Token,
        token: &Token,
        command: &Command,
        now: Instant,
    ) -> Option<u32> {
        let one = self.open.remove(token)?;
        let fresh = now.saturating_duration_since(one.at) < SELECTED_MAX;
        (one.session == *session && one.command == *command && fresh).then_some(one.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Origin;

    fn session(user: &str, now: Instant) -> Session {
        let who = Who { user: user.into(), roles: vec![], origin: Origin::Web("here".into()) };
        Session::new(who, "hash".into(), now)
    }

    #[test]
    fn the_sixth_session_of_a_user_ends_the_first() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let tokens: Vec<Token> = (0..6)
            .map(|second| sessions.open(session("bounmy", now + Duration::from_secs(second))))
            .collect();
        let other = sessions.open(session("khamla", now));
        assert!(sessions.get(&tokens[0], now).is_none());
        assert!(tokens[1..].iter().all(|token| sessions.get(token, now).is_some()));
        assert!(sessions.get(&other, now).is_some());
    }

    #[test]
    fn a_session_ends_after_a_shift_however_busy() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.open(session("bounmy", now));
        let nearly = now + AGE_MAX - Duration::from_secs(1);
        sessions.get_mut(&token, nearly).unwrap().act(vec![], nearly);
        assert!(sessions.get(&token, now + AGE_MAX).is_none());
    }

    #[test]
    fn a_session_left_alone_asks_again_before_it_acts() {
        let now = Instant::now();
        let mut session = session("bounmy", now);
        let later = now + Duration::from_secs(14 * 60);
        assert_eq!(session.idle_left(later), Duration::from_secs(60));
        session.act(vec![], later);
        assert_eq!(session.idle_left(later), IDLE_MAX);
        assert!(session.idle_left(later + IDLE_MAX).is_zero());
    }

    #[test]
    fn an_announced_command_works_once_here_and_soon() {
        let now = Instant::now();
        let (here, elsewhere) = (Token::new(), Token::new());
        let wash = Command::Wash { filter: 1 };
        let redeem = |session: &Token, command: Command, after_s: u64| {
            let mut selections = Selections::default();
            let token = selections.select(&here, wash, 7, now);
            let then = now + Duration::from_secs(after_s);
            let first = selections.redeem(session, &token, &command, then);
            (first, selections.redeem(&here, &token, &wash, then))
        };
        assert_eq!(redeem(&here, wash, 29), (Some(7), None), "once");
        assert_eq!(redeem(&here, wash, 30), (None, None), "too late");
        assert_eq!(redeem(&elsewhere, wash, 1), (None, None), "another session");
        assert_eq!(redeem(&here, Command::Wash { filter: 2 }, 1), (None, None), "another filter");
        assert_eq!(redeem(&here, Command::Start, 1), (None, None), "another command");
    }

    #[test]
    fn a_token_reads_back_as_it_was_written() {
        let token = Token::new();
        assert_eq!(token.to_string().parse(), Ok(token));
        for wrong in
            ["", "+0000000000000000000000000000000", "00", "zz000000000000000000000000000000"]
        {
            assert_eq!(wrong.parse::<Token>(), Err(()), "{wrong}");
        }
    }
}
