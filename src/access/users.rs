//! The people of the plant, as the journal keeps them.

use async_trait::async_trait;
use plc::tag::Role;
use thiserror::Error;

use crate::access::password::{self, WeakPassword};

/// Characters in a user name.
const NAME_MAX: usize = 32;
/// Names under which the journal files what no person did.
const NAMES_TAKEN: &[&str] = &["controller", "panel"];
/// People of one plant; the list is shown whole.
const USERS_MAX: usize = 200;

/// A user as stored. Times are for the next start only; running lock-outs count in real time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
    pub roles: Vec<Role>,
    /// Milliseconds since 1970 UTC.
    pub created: i64,
    /// Wrong passwords since the last right one.
    pub failures: u32,
    /// Milliseconds since 1970 UTC; 0: not locked.
    pub locked_until: i64,
}

/// Storage did not answer.
#[derive(Debug, Error)]
#[error("users not readable or writable: {0}")]
pub struct UsersFailed(pub String);

/// Where users are kept.
#[async_trait]
pub trait Users: Send + Sync {
    async fn load(&self, name: &str) -> Result<Option<User>, UsersFailed>;
    /// Writes this user, over an older record of the same name.
    async fn save(&self, user: &User) -> Result<(), UsersFailed>;
    /// All of them, by name.
    async fn list(&self) -> Result<Vec<User>, UsersFailed>;
}

/// Why a user was not made or changed.
#[derive(Debug, Error)]
pub enum UserRefused {
    #[error(
        "a user name is 1 to {NAME_MAX} printable characters, without spaces around it, and not taken by the controller itself"
    )]
    BadName,
    #[error("there is a user of this name already")]
    NameTaken,
    #[error("there is no user of this name")]
    NoSuchUser,
    #[error("a user holds at least one role")]
    NoRole,
    #[error("no more than {USERS_MAX} users")]
    TooMany,
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    #[error(transparent)]
    Users(#[from] UsersFailed),
}

/// Makes a user.
pub async fn add(
    users: &dyn Users,
    name: &str,
    password: &str,
    roles: Vec<Role>,
) -> Result<User, UserRefused> {
    let printable = name.chars().all(|character| !character.is_control());
    let length = name.chars().count();
    let taken = NAMES_TAKEN.iter().any(|own| own.eq_ignore_ascii_case(name));
    if !printable || length == 0 || length > NAME_MAX || name.trim() != name || taken {
        return Err(UserRefused::BadName);
    }
    if roles.is_empty() {
        return Err(UserRefused::NoRole);
    }
    password::check(name, password)?;
    if users.load(name).await?.is_some() {
        return Err(UserRefused::NameTaken);
    }
    if users.list().await?.len() >= USERS_MAX {
        return Err(UserRefused::TooMany);
    }
    let user = User {
        name: name.to_owned(),
        password_hash: password::hash(password.to_owned()).await,
        roles,
        created: super::wall_ms(),
        failures: 0,
        locked_until: 0,
    };
    users.save(&user).await?;
    Ok(user)
}

/// Gives a user a new password, ends a lock-out and all sessions.
pub async fn reset(users: &dyn Users, name: &str, password: &str) -> Result<User, UserRefused> {
    let user = users.load(name).await?.ok_or(UserRefused::NoSuchUser)?;
    password::check(name, password)?;
    let password_hash = password::hash(password.to_owned()).await;
    let user = User { password_hash, failures: 0, locked_until: 0, ..user };
    users.save(&user).await?;
    Ok(user)
}

/// Whether these roles make an owner: somebody who can set up the plant and its people.
#[must_use]
pub fn is_owner(roles: &[Role]) -> bool {
    roles.contains(&Role::Engineer) && roles.contains(&Role::Admin)
}

/// The word of a role, as stored, sent and typed.
#[must_use]
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Observer => "Observer",
        Role::Operator => "Operator",
        Role::Supervisor => "Supervisor",
        Role::Engineer => "Engineer",
        Role::Admin => "Admin",
    }
}

/// The role of a word, in any case.
#[must_use]
pub fn role_named(word: &str) -> Option<Role> {
    [Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer, Role::Admin]
        .into_iter()
        .find(|role| role_word(*role).eq_ignore_ascii_case(word))
}

#[cfg(test)]
pub(crate) mod in_memory {
    use std::collections::BTreeMap;

    use parking_lot::Mutex;

    use super::*;

    /// Users of a test, gone with it.
    #[derive(Default)]
    pub struct InMemory(pub Mutex<BTreeMap<String, User>>);

    #[async_trait]
    impl Users for InMemory {
        async fn load(&self, name: &str) -> Result<Option<User>, UsersFailed> {
            Ok(self.0.lock().get(name).cloned())
        }
        async fn save(&self, user: &User) -> Result<(), UsersFailed> {
            self.0.lock().insert(user.name.clone(), user.clone());
            Ok(())
        }
        async fn list(&self) -> Result<Vec<User>, UsersFailed> {
            Ok(self.0.lock().values().cloned().collect())
        }
    }
}
