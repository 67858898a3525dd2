//! Passwords: what is good enough, and argon2id.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use thiserror::Error;
use tokio::task::spawn_blocking;

/// Characters (OWASP ASVS 5.0, 6.2.1).
pub const LENGTH_MIN: usize = 8;
/// Bytes; bounds the work of one check.
pub const LENGTH_MAX: usize = 256;
/// Letters and digits that nobody mixes up (Crockford's base 32).
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a set-up code: 60 bits, far beyond five tries a minute.
const CODE_LENGTH: usize = 12;

/// Passwords that everybody tries first, in lower case.
const COMMON: &[&str] = &[
    "11111111",
    "12121212",
    "123123123",
    "12341234",
    "12345678",
    "123456789",
    "1234567890",
    "11223344",
    "1q2w3e4r",
    "1qaz2wsx",
    "87654321",
    "88888888",
    "abc12345",
    "abcd1234",
    "administrator",
    "baseball",
    "chlorine",
    "controller",
    "football",
    "iloveyou",
    "letmein1",
    "operator",
    "p@ssw0rd",
    "passw0rd",
    "password",
    "password1",
    "password12",
    "password123",
    "princess",
    "qwerty12",
    "qwerty123",
    "qwertyui",
    "qwertyuiop",
    "raspberry",
    "sabaidee",
    "sunshine",
    "superman",
    "supervisor",
    "sweetspring",
    "trustno1",
    "vientiane",
    "village1",
    "water123",
    "waterplant",
    "welcome1",
    "welcome123",
];

/// Why a password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WeakPassword {
    #[error("a password has at least {LENGTH_MIN} characters")]
    TooShort,
    #[error("a password has at most {LENGTH_MAX} bytes")]
    TooLong,
    #[error("this password is among the first that everybody tries")]
    TooCommon,
    #[error("a password differs from the user name")]
    LikeTheName,
}

/// Whether a new password is good enough.
pub fn check(name: &str, password: &str) -> Result<(), WeakPassword> {
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    if lower.chars().count() < LENGTH_MIN {
        Err(WeakPassword::TooShort)
    } else if password.len() > LENGTH_MAX {
        Err(WeakPassword::TooLong)
    } else if COMMON.contains(&lower.as_str()) || characters.all(|one| Some(one) == first) {
        Err(WeakPassword::TooCommon)
    } else if lower == name.to_lowercase() {
        Err(WeakPassword::LikeTheName)
    } else {
        Ok(())
    }
}

/// The PHC string of a password: argon2id, 19 MiB, 2 passes (OWASP password storage; the crate's default).
pub(super) async fn hash(password: String) -> String {
    spawn_blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.expect("checked length, salt of the kernel").to_string()
    })
    .await
    .expect("hashing does not panic")
}

/// Whether a password fits. Without a hash the same work is done for nothing, so that time does not tell which names exist.
pub(super) async fn fits(password: String, hash: Option<String>) -> bool {
    if password.len() > LENGTH_MAX {
        return false;
    }
    let checked = spawn_blocking(move || {
        let argon2 = Argon2::default();
        match hash.as_deref().map(PasswordHash::new) {
            Some(Ok(hash)) => argon2.verify_password(password.as_bytes(), &hash).is_ok(),
            Some(Err(error)) => {
                tracing::error!(%error, "a stored password hash is not readable");
                false
            }
            None => {
                let _ = argon2.hash_password(password.as_bytes()).is_ok();
                false
            }
        }
    });
    checked.await.unwrap_or(false)
}

/// A new set-up code, in groups of four.
pub(super) fn setup_code() -> String {
    let bytes: [u8; CODE_LENGTH] = random();
    let mut code = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(CODE_LETTERS[usize::from(byte % 32)]));
    }
    code
}

/// Whether a typed code is the code; case, spaces and dashes do not matter.
pub(super) fn same_code(own: &str, typed: &str) -> bool {
    let plain = |code: &str| -> Vec<u8> {
        code.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_uppercase())
            .collect()
    };
    let (own, typed) = (plain(own), plain(typed));
    // No early end: the time taken does not tell how much of it was right.
    let differs = own.iter().zip(&typed).fold(0, |differs, (a, b)| differs | (a ^ b));
    own.len() == typed.len() && differs == 0
}

/// Random bytes of the kernel.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("Linux has had getrandom since 3.17");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_everybody_tries_is_refused() {
        for (password, verdict) in [
            ("short", Err(WeakPassword::TooShort)),
            ("password", Err(WeakPassword::TooCommon)),
            ("PassWord", Err(WeakPassword::TooCommon)),
            ("zzzzzzzzz", Err(WeakPassword::TooCommon)),
            ("Bounmy-L", Err(WeakPassword::LikeTheName)),
            ("ນ້ຳສະອາດດີ", Ok(())),
            ("river to tap", Ok(())),
        ] {
            assert_eq!(check("bounmy-l", password), verdict, "{password}");
        }
        assert_eq!(check("x", &"ab".repeat(200)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn a_set_up_code_is_taken_however_it_is_typed() {
        let code = setup_code();
        assert_eq!(code.len(), 14);
        assert!(same_code(&code, &code.to_lowercase().replace('-', " ")));
        assert!(
            !same_code(&code, &code[..13]) && !same_code(&code, "") && !same_code(&code, "0000")
        );
        assert_ne!(code, setup_code());
    }
}
