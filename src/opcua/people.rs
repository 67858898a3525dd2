//! Who logs in over OPC UA, and what each may do.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ::opcua::crypto::SecurityPolicy;
use ::opcua::server::ServerEndpoint;
use ::opcua::server::address_space::AccessLevel;
use ::opcua::server::authenticator::{
    AuthManager, CoreServerPermissions, Password, UserToken, user_pass_security_policy_id,
};
use ::opcua::types::{
    Error, MessageSecurityMode, NodeId, StatusCode, UAString, UserTokenPolicy, UserTokenType,
};
use async_trait::async_trait;
use parking_lot::Mutex;
use plc::image::Command;

use crate::access::{Access, LogInRefused};
use crate::exchange::{Origin, Who};

/// The command behind each method and each setpoint: who may give it may call or write.
pub type Commands = HashMap<NodeId, Command>;

/// The library's door keeper: only user name and password, never in clear.
pub struct Door {
    access: Arc<Access>,
    commands: Mutex<Arc<Commands>>,
    /// Who is in, as of the last log-in or command, for questions that cannot wait. Holds only people who proved
    /// themselves, so it is as short as the list of users, times their passwords of this start.
    inside: Mutex<HashMap<String, Inside>>,
}

#[derive(Clone)]
struct Inside {
    who: Who,
    password_hash: String,
}

impl Door {
    pub fn new(access: Arc<Access>) -> Arc<Door> {
        Arc::new(Door { access, commands: Mutex::default(), inside: Mutex::default() })
    }

    /// What the nodes stand for, once they are there.
    pub fn guard(&self, commands: Commands) {
        *self.commands.lock() = Arc::new(commands);
    }

    /// The person behind a session, with the roles of now, however long the session lasts: none for somebody who was
    /// removed or has a new password since.
    pub async fn who(&self, token: &UserToken, session: &str) -> Who {
        let inside = self.inside.lock().get(&token.0).cloned();
        let Some(Inside { mut who, password_hash }) = inside else {
            return Who { user: String::new(), roles: Vec::new(), origin: origin(session) };
        };
        let person = self.access.person(&who.user).await;
        who.roles = match person {
            Ok(Some(person)) if person.password_hash == password_hash => person.roles,
            Ok(_) => Vec::new(),
            // A plant whose storage fails must still be stopped by those who could.
            Err(error) => {
                tracing::warn!(user = who.user, %error, "roles as of the last look");
                who.roles
            }
        };
        if let Some(inside) = self.inside.lock().get_mut(&token.0) {
            inside.who.roles.clone_from(&who.roles);
        }
        Who { origin: origin(session), ..who }
    }

    /// Whether this person may ask for this.
    pub fn may(&self, who: &Who, command: &Command) -> bool {
        self.access.may(who, command).is_ok()
    }

    fn may_for(&self, token: &UserToken, node: &NodeId) -> Option<bool> {
        let commands = Arc::clone(&self.commands.lock());
        let command = commands.get(node)?;
        let inside = self.inside.lock();
        Some(inside.get(&token.0).is_some_and(|inside| self.may(&inside.who, command)))
    }
}

fn origin(session: &str) -> Origin {
    Origin::OpcUa(printable(session))
}

/// A client's own name for itself, fit for a journal row.
fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// What the library knows a person by. A new password makes another, so that sessions opened with the old one end.
fn token(user: &str, password_hash: &str) -> UserToken {
    let mut hasher = DefaultHasher::new();
    password_hash.hash(&mut hasher);
    UserToken(format!("{user} {:016x}", hasher.finish()))
}

#[async_trait]
impl AuthManager for Door {
    async fn authenticate_username_identity_token(
        &self,
        _endpoint: &ServerEndpoint,
        user: &str,
        password: &Password,
    ) -> Result<UserToken, Error> {
        // The library tells neither address nor session here. Wrong tries are counted by user; named so, one client's
        // cannot lock out another's.
        let refused = match self.access.log_in(user, password.get(), origin(user)).await {
            Ok(who) => match self.access.person(&who.user).await {
                Ok(Some(person)) => {
                    let token = token(&who.user, &person.password_hash);
                    let inside = Inside { who, password_hash: person.password_hash };
                    self.inside.lock().insert(token.0.clone(), inside);
                    return Ok(token);
                }
                Ok(None) => LogInRefused::WrongPassword,
                Err(error) => error.into(),
            },
            Err(refused) => refused,
        };
        let status = match &refused {
            LogInRefused::WrongPassword => StatusCode::BadIdentityTokenRejected,
            LogInRefused::LockedOut { .. } => StatusCode::BadUserAccessDenied,
            LogInRefused::Busy | LogInRefused::Users(_) => StatusCode::BadResourceUnavailable,
        };
        Err(Error::new(status, refused.to_string()))
    }

    fn effective_user_access_level(
        &self,
        token: &UserToken,
        level: AccessLevel,
        node: &NodeId,
    ) -> AccessLevel {
        match self.may_for(token, node) {
            Some(false) => level & !AccessLevel::CURRENT_WRITE,
            Some(true) | None => level,
        }
    }

    fn is_user_executable(&self, token: &UserToken, method: &NodeId) -> bool {
        self.may_for(token, method).unwrap_or(true)
    }

    fn user_token_policies(&self, endpoint: &ServerEndpoint) -> Vec<UserTokenPolicy> {
        if endpoint.security_policy() == SecurityPolicy::None
            || endpoint.message_security_mode() == MessageSecurityMode::None
        {
            return Vec::new();
        }
        vec![UserTokenPolicy {
            policy_id: user_pass_security_policy_id(endpoint),
            token_type: UserTokenType::UserName,
            issued_token_type: UAString::null(),
            issuer_endpoint_url: UAString::null(),
            // Null: encrypted by the channel's own policy, also where the channel is only signed.
            security_policy_uri: UAString::null(),
        }]
    }

    fn core_permissions(&self, token: &UserToken) -> CoreServerPermissions {
        CoreServerPermissions { read_diagnostics: self.inside.lock().contains_key(&token.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_name_cannot_forge_lines_in_the_journal() {
        assert_eq!(printable("a\nb\u{1b}[2J"), "ab[2J");
        assert_eq!(printable(&"x".repeat(500)).len(), 64);
    }

    #[test]
    fn a_new_password_makes_another_person_of_old_sessions() {
        assert_eq!(token("noy", "hash one"), token("noy", "hash one"));
        assert_ne!(token("noy", "hash one"), token("noy", "hash two"));
    }
}
