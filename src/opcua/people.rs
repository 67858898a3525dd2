//! Who logs in over OPC UA, and what each may do.

use std::collections::HashMap;
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
use plc::tag::Role;
use thiserror::Error;

use crate::exchange::{Origin, Who};

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotLetIn {
    #[error("wrong user name or password")]
    WrongPassword,
    #[error("locked for {seconds} s after too many wrong tries")]
    LockedOut { seconds: u64 },
    #[error("too many log-ins at once")]
    Busy,
    #[error("users cannot be read: {0}")]
    Users(String),
}

/// Who knows the people of this plant.
#[async_trait]
pub trait Authority: Send + Sync + 'static {
    /// Proves a person by password; counts wrong tries and locks out.
    async fn log_in(&self, user: &str, password: &str, origin: Origin) -> Result<Who, NotLetIn>;

    /// The roles a person has now; none for somebody who was removed since. Asked before every command, so that what is
    /// taken from a person is gone at once, however long the session lasts.
    async fn roles(&self, user: &str) -> Vec<Role>;
}

/// Whether somebody with these roles may do what `needed` may. Admin is not in the line: it handles users and certificates
/// (`docs/spec/contracts.md`, roles).
pub fn covers(roles: &[Role], needed: Role) -> bool {
    roles.iter().any(|role| match role {
        Role::Observer | Role::Operator | Role::Supervisor | Role::Engineer => *role >= needed,
        Role::Admin => needed == Role::Observer,
    })
}

/// What this user needs for a node: an Operator for a method, the setting's role to write it.
#[derive(Default)]
pub struct Needs {
    pub methods: HashMap<NodeId, Role>,
    pub settings: HashMap<NodeId, Role>,
}

/// The library's door keeper. Only user name and password, only over a signed channel.
pub struct Door {
    authority: Arc<dyn Authority>,
    needs: Mutex<Arc<Needs>>,
    /// Roles as of the last log-in or command, for questions that cannot wait. Holds only people who proved themselves.
    roles: Mutex<HashMap<String, Vec<Role>>>,
}

impl Door {
    pub fn new(authority: Arc<dyn Authority>) -> Arc<Door> {
        Arc::new(Door { authority, needs: Mutex::default(), roles: Mutex::default() })
    }

    /// Which roles the nodes need, once they are there.
    pub fn set_needs(&self, needs: Needs) {
        *self.needs.lock() = Arc::new(needs);
    }

    /// The person behind a session, with the roles of now.
    pub async fn who(&self, user: &UserToken, session: &str) -> Who {
        let roles = self.authority.roles(&user.0).await;
        self.roles.lock().insert(user.0.clone(), roles.clone());
        Who { user: user.0.clone(), roles, origin: Origin::OpcUa(printable(session)) }
    }

    fn known(&self, user: &UserToken, needed: Role) -> bool {
        self.roles.lock().get(&user.0).is_some_and(|roles| covers(roles, needed))
    }
}

/// A client's own name for itself, fit for a journal row.
fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

#[async_trait]
impl AuthManager for Door {
    async fn authenticate_username_identity_token(
        &self,
        endpoint: &ServerEndpoint,
        user: &str,
        password: &Password,
    ) -> Result<UserToken, Error> {
        let origin = Origin::OpcUa(endpoint.security_policy.clone());
        match self.authority.log_in(user, password.get(), origin).await {
            Ok(who) => {
                tracing::info!(user = who.user, "logged in over OPC UA");
                self.roles.lock().insert(who.user.clone(), who.roles);
                Ok(UserToken(who.user))
            }
            Err(refused) => {
                tracing::warn!(user = printable(user), %refused, "OPC UA log-in refused");
                let status = match &refused {
                    NotLetIn::WrongPassword => StatusCode::BadIdentityTokenRejected,
                    NotLetIn::LockedOut { .. } => StatusCode::BadUserAccessDenied,
                    NotLetIn::Busy | NotLetIn::Users(_) => StatusCode::BadResourceUnavailable,
                };
                Err(Error::new(status, refused.to_string()))
            }
        }
    }

    fn effective_user_access_level(
        &self,
        user: &UserToken,
        level: AccessLevel,
        node: &NodeId,
    ) -> AccessLevel {
        let needs = Arc::clone(&self.needs.lock());
        match needs.settings.get(node) {
            Some(role) if !self.known(user, *role) => level & !AccessLevel::CURRENT_WRITE,
            Some(_) | None => level,
        }
    }

    fn is_user_executable(&self, user: &UserToken, method: &NodeId) -> bool {
        let needs = Arc::clone(&self.needs.lock());
        needs.methods.get(method).is_none_or(|role| self.known(user, *role))
    }

    fn user_token_policies(&self, endpoint: &ServerEndpoint) -> Vec<UserTokenPolicy> {
        // No password ever crosses a channel in clear.
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
            // Null: encrypted by the channel's own policy.
            security_policy_uri: UAString::null(),
        }]
    }

    fn core_permissions(&self, user: &UserToken) -> CoreServerPermissions {
        CoreServerPermissions { read_diagnostics: self.known(user, Role::Observer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_alone_cannot_operate_the_plant() {
        assert!(!covers(&[Role::Admin], Role::Operator));
        assert!(covers(&[Role::Engineer, Role::Admin], Role::Operator));
        assert!(!covers(&[Role::Observer], Role::Operator));
        assert!(covers(&[Role::Supervisor], Role::Operator));
        assert!(!covers(&[Role::Operator], Role::Supervisor));
        assert!(!covers(&[], Role::Observer));
    }

    #[test]
    fn a_session_name_cannot_forge_lines_in_the_journal() {
        assert_eq!(printable("a\nb\u{1b}[2J"), "ab[2J");
        assert_eq!(printable(&"x".repeat(500)).len(), 64);
    }
}
