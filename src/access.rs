//! Users, roles, who may do what.
//!
//! Every command from a browser or an OPC UA client passes [`Access::may`]; only then does the plant judge whether it is
//! possible now. People prove who they are with [`Access::log_in`] (one call) or [`Access::open_session`] (a browser).
//! There is no default password: until somebody owns the plant, a random code on the terminal makes the first user.
//!
//! Log-ins, lock-outs and sessions run in real time, whatever the plant's speed and wherever the calendar jumps.

mod lockout;
pub mod password;
mod session;
pub mod users;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use plc::image::Command;
use plc::reason::Reason;
use plc::tag::{Catalogue, Kind, Role};
use thiserror::Error;

use crate::access::lockout::{Key, Lockout};
pub use crate::access::session::{IDLE_MAX, Token};
use crate::access::session::{Selections, Session, Sessions};
use crate::access::users::{User, UserRefused, Users, UsersFailed, is_owner};
use crate::exchange::{Origin, Who};

/// Log-ins that may wait while one password is checked; each check takes 19 MiB and tens of milliseconds.
const LOG_INS_WAITING_MAX: usize = 16;

/// A person who is logged in does not wait longer for storage.
const STORAGE_MAX: Duration = Duration::from_secs(1);

/// Why somebody was not let in.
#[derive(Debug, Error)]
pub enum LogInRefused {
    #[error("wrong user name or password")]
    WrongPassword,
    #[error("locked for {seconds} s after too many wrong tries")]
    LockedOut { seconds: u64 },
    #[error("too many log-ins at once")]
    Busy,
    #[error(transparent)]
    Users(#[from] UsersFailed),
}

/// Why the first user was not made.
#[derive(Debug, Error)]
pub enum SetUpRefused {
    #[error("wrong set-up code")]
    WrongCode,
    #[error("the plant has an owner already")]
    SetupDone,
    #[error("locked for {seconds} s after too many wrong tries")]
    LockedOut { seconds: u64 },
    #[error(transparent)]
    User(#[from] UserRefused),
}

/// A session cannot act: it is unknown, ended, or nobody has acted in it for [`IDLE_MAX`].
#[derive(Debug, Error)]
#[error("log in first")]
pub struct SessionOver;

/// A session as its user sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    pub who: Who,
    /// Left before an action needs a new log-in.
    pub idle_left: Duration,
}

/// Who may do what, and who is here. One a controller.
pub struct Access {
    users: Arc<dyn Users>,
    catalogue: Arc<Catalogue>,
    /// Passwords are checked one at a time.
    door: tokio::sync::Mutex<()>,
    queue: tokio::sync::Semaphore,
    lockout: Mutex<Lockout>,
    sessions: Mutex<Sessions>,
    selections: Mutex<Selections>,
    setup_code: Mutex<Option<String>>,
}

impl Access {
    /// Reads whether the plant has an owner; without one there is a set-up code.
    pub async fn open(
        users: Arc<dyn Users>,
        catalogue: Arc<Catalogue>,
    ) -> Result<Access, UsersFailed> {
        let owned = users.list().await?.iter().any(|user| is_owner(&user.roles));
        Ok(Access {
            users,
            catalogue,
            door: tokio::sync::Mutex::new(()),
            queue: tokio::sync::Semaphore::new(LOG_INS_WAITING_MAX),
            lockout: Mutex::default(),
            sessions: Mutex::default(),
            selections: Mutex::default(),
            setup_code: Mutex::new((!owned).then(password::setup_code)),
        })
    }

    /// Whether this person may ask for this. The plant may still refuse.
    pub fn may(&self, who: &Who, command: &Command) -> Result<(), Reason> {
        let needed = match (command.least_role(), command) {
            (Some(role), _) => role,
            (None, Command::Set { setting, .. }) => {
                match self.catalogue.rows.get(*setting).map(|row| row.kind) {
                    Some(Kind::Setting(words)) => words.role,
                    Some(
                        Kind::Input(_)
                        | Kind::Output(..)
                        | Kind::Status(_)
                        | Kind::Retained(_)
                        | Kind::Alarm(_),
                    )
                    | None => return Err(Reason::Unknown),
                }
            }
            // A command without a role of its own is a setting.
            (None, _) => return Err(Reason::NotPermitted),
        };
        if who.roles.iter().any(|role| covers(*role, needed)) {
            Ok(())
        } else {
            Err(Reason::NotPermitted)
        }
    }

    // Log-in.

    /// Proves a person once: for OPC UA, which keeps its own sessions.
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        origin: Origin,
    ) -> Result<Who, LogInRefused> {
        let user = self.prove(name, password, &origin).await?;
        Ok(Who { user: user.name, roles: user.roles, origin })
    }

    /// Proves a person and opens a session, which the token names from then on.
    pub async fn open_session(
        &self,
        name: &str,
        password: &str,
        origin: Origin,
    ) -> Result<(Token, Who), LogInRefused> {
        let user = self.prove(name, password, &origin).await?;
        Ok(self.open_for(user, origin))
    }

    /// Seconds this address is locked for after too many wrong tries.
    pub fn address_locked(&self, origin: &Origin) -> Option<u64> {
        let left = self.lockout.lock().locked_for(&Key::address(origin), Instant::now());
        left.map(seconds_up)
    }

    async fn prove(
        &self,
        name: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<User, LogInRefused> {
        if let Some(seconds) = self.address_locked(origin) {
            return Err(LogInRefused::LockedOut { seconds });
        }
        let _place = self.queue.try_acquire().map_err(|_| LogInRefused::Busy)?;
        let _alone = self.door.lock().await;
        let user = self.users.load(name).await?;
        if let Some(left) = self.locked_for(name, user.as_ref(), origin) {
            return Err(LogInRefused::LockedOut { seconds: seconds_up(left) });
        }
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let fits = password::fits(password.to_owned(), hash).await;
        match user {
            Some(user) if fits => {
                self.pass(&user, origin).await;
                Ok(user)
            }
            user => {
                let locked = self.fail(name, user, origin).await;
                tracing::warn!(user = name, ?origin, ?locked, "log-in refused");
                match locked {
                    Some(left) => Err(LogInRefused::LockedOut { seconds: seconds_up(left) }),
                    None => Err(LogInRefused::WrongPassword),
                }
            }
        }
    }

    fn locked_for(&self, name: &str, user: Option<&User>, origin: &Origin) -> Option<Duration> {
        let now = Instant::now();
        let mut lockout = self.lockout.lock();
        if let Some(user) = user {
            lockout.recall(user, now, wall_ms());
        }
        let of_user = lockout.locked_for(&Key::user(name), now);
        of_user.max(lockout.locked_for(&Key::address(origin), now))
    }

    async fn pass(&self, user: &User, origin: &Origin) {
        {
            let mut lockout = self.lockout.lock();
            lockout.passed(&Key::user(&user.name));
            lockout.passed(&Key::address(origin));
        }
        tracing::info!(user = user.name, ?origin, "logged in");
        if user.failures > 0 {
            let cleared = User { failures: 0, locked_until: 0, ..user.clone() };
            self.keep(&cleared).await;
        }
    }

    async fn fail(&self, name: &str, user: Option<User>, origin: &Origin) -> Option<Duration> {
        let now = Instant::now();
        let (failures, locked) = {
            let mut lockout = self.lockout.lock();
            let of_address = lockout.failed(Key::address(origin), now).1;
            // Only real names are counted, so that invented ones cannot push real ones out of the list.
            let (failures, of_user) =
                user.as_ref().map_or((0, None), |_| lockout.failed(Key::user(name), now));
            (failures, of_user.max(of_address))
        };
        if let Some(user) = user {
            let until = locked.map_or(0, |left| wall_ms() + left.as_millis() as i64);
            self.keep(&User { failures, locked_until: until, ..user }).await;
        }
        locked
    }

    /// Without storage the count lives on in memory.
    async fn keep(&self, user: &User) {
        if let Err(error) = self.users.save(user).await {
            tracing::warn!(user = user.name, %error, "log-in count not stored");
        }
    }

    /// A person as of now, for OPC UA, whose sessions outlive what people may do.
    pub async fn person(&self, name: &str) -> Result<Option<User>, UsersFailed> {
        self.users.load(name).await
    }

    // First user.

    /// The code that makes the owner; `None` once there is one.
    pub fn setup_code(&self) -> Option<String> {
        self.setup_code.lock().clone()
    }

    /// Whether the plant still has no owner. One added from the command line counts.
    pub async fn setup_needed(&self) -> bool {
        if self.setup_code.lock().is_none() {
            return false;
        }
        let owned = match self.users.list().await {
            Ok(users) => users.iter().any(|user| is_owner(&user.roles)),
            Err(error) => {
                tracing::warn!(%error, "users not readable");
                false
            }
        };
        if owned {
            *self.setup_code.lock() = None;
        }
        !owned
    }

    /// Makes the owner, Engineer and Admin, and opens a session. The code works once.
    pub async fn set_up(
        &self,
        code: &str,
        name: &str,
        password: &str,
        origin: Origin,
    ) -> Result<(Token, Who), SetUpRefused> {
        let key = Key::address(&origin);
        if let Some(left) = self.lockout.lock().locked_for(&key, Instant::now()) {
            return Err(SetUpRefused::LockedOut { seconds: seconds_up(left) });
        }
        let _alone = self.door.lock().await;
        if !self.setup_needed().await {
            return Err(SetUpRefused::SetupDone);
        }
        let right =
            self.setup_code.lock().as_deref().is_some_and(|own| password::same_code(own, code));
        if !right {
            let (_, locked) = self.lockout.lock().failed(key, Instant::now());
            tracing::warn!(?origin, "wrong set-up code");
            return Err(match locked {
                Some(left) => SetUpRefused::LockedOut { seconds: seconds_up(left) },
                None => SetUpRefused::WrongCode,
            });
        }
        let roles = vec![Role::Engineer, Role::Admin];
        let owner = users::add(self.users.as_ref(), name, password, roles).await?;
        *self.setup_code.lock() = None;
        tracing::info!(user = owner.name, ?origin, "the plant has its owner");
        Ok(self.open_for(owner, origin))
    }

    // Sessions.

    fn open_for(&self, user: User, origin: Origin) -> (Token, Who) {
        let who = Who { user: user.name, roles: user.roles, origin };
        let session = Session::new(who.clone(), user.password_hash, Instant::now());
        (self.sessions.lock().open(session), who)
    }

    /// The session behind a token, for looking. Looking does not keep it alive.
    pub fn session(&self, token: &Token) -> Option<SessionView> {
        let now = Instant::now();
        let mut sessions = self.sessions.lock();
        let session = sessions.get(token, now)?;
        Some(SessionView { who: session.who.clone(), idle_left: session.idle_left(now) })
    }

    /// The person behind a token, for acting. Roles are those of now; a new password ends the session. While storage does
    /// not answer, those who are in stay as they are: the plant must obey them with a broken disk too.
    pub async fn acting(&self, token: &Token) -> Result<Who, SessionOver> {
        let (name, hash) = {
            let now = Instant::now();
            let mut sessions = self.sessions.lock();
            let session = sessions.get(token, now).ok_or(SessionOver)?;
            if session.idle_left(now).is_zero() {
                sessions.close(token);
                return Err(SessionOver);
            }
            (session.who.user.clone(), session.password_hash.clone())
        };
        let stored = tokio::time::timeout(STORAGE_MAX, self.users.load(&name)).await;
        let mut sessions = self.sessions.lock();
        let session = sessions.get_mut(token, Instant::now()).ok_or(SessionOver)?;
        match stored {
            Ok(Ok(Some(user))) if user.password_hash == hash => {
                session.act(user.roles, Instant::now());
            }
            Ok(Ok(_)) => {
                sessions.close(token);
                return Err(SessionOver);
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(user = name, "users not readable: the session goes on as it was");
                session.act(session.who.roles.clone(), Instant::now());
            }
        }
        Ok(session.who.clone())
    }

    /// Logs out.
    pub fn close(&self, token: &Token) {
        self.sessions.lock().close(token);
    }

    /// First step of a command: announces it. The token works once, for 30 s, in this session, for this command.
    /// `order` is the token under which the plant knows the choice; 0 where it needs none.
    pub fn select(&self, session: &Token, command: Command, order: u32) -> Token {
        self.selections.lock().select(session, command, order, Instant::now())
    }

    /// Second step: the plant's own token, when this very command was announced here. A token that was shown is spent either
    /// way.
    pub fn redeem(&self, session: &Token, token: &Token, command: &Command) -> Option<u32> {
        self.selections.lock().redeem(session, token, command, Instant::now())
    }
}

/// Whether a role's holder has the rights of another: each rank those below it. Admin keeps users and certificates and
/// does not operate.
fn covers(role: Role, needed: Role) -> bool {
    match role {
        Role::Observer | Role::Operator | Role::Supervisor | Role::Engineer => role >= needed,
        Role::Admin => matches!(needed, Role::Admin | Role::Observer),
    }
}

/// A rest of a second is a second: nobody is told 0 while still locked.
fn seconds_up(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// Only for what outlives a restart.
fn wall_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests;
