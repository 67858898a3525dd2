//! Wrong tries, counted for each user and each address.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::access::users::User;
use crate::exchange::Origin;

/// Wrong tries before the first lock (`docs/spec/interfaces.md` SEC-08).
const TRIES: u32 = 5;
/// Minutes of the locks that follow, one a wrong try; the last is the longest.
const MINUTES: [u64; 4] = [1, 5, 15, 60];
/// Users and addresses remembered. At the limit the one that tried longest ago is forgotten.
const KEYS_MAX: usize = 1024;

/// Whose tries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    User(String),
    Address(String),
}

impl Key {
    pub fn user(name: &str) -> Key {
        Key::User(name.to_owned())
    }

    pub fn address(origin: &Origin) -> Key {
        match origin {
            Origin::Web(address) | Origin::Panel(address) => Key::Address(address.clone()),
            Origin::OpcUa(session) => Key::Address(format!("opcua {session}")),
            Origin::Shell => Key::Address(String::new()),
        }
    }
}

#[derive(Clone, Debug)]
struct Tries {
    wrong: u32,
    locked_until: Option<Instant>,
    last: Instant,
    /// The password that was tried; a new one starts afresh.
    against: String,
}

/// All wrong tries of late.
#[derive(Debug, Default)]
pub struct Lockout {
    tries: HashMap<Key, Tries>,
}

impl Lockout {
    /// How long it stays locked.
    pub fn locked_for(&self, key: &Key, now: Instant) -> Option<Duration> {
        let until = self.tries.get(key)?.locked_until?;
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// One more wrong try: how many there were, and the lock that follows.
    pub fn failed(&mut self, key: Key, now: Instant) -> (u32, Option<Duration>) {
        if !self.tries.contains_key(&key) {
            self.make_room();
        }
        let tries = self.tries.entry(key).or_insert_with(|| Tries::none(now));
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
        let lock = lock_after(tries.wrong);
        tries.locked_until = lock.map(|lock| now + lock);
        (tries.wrong, lock)
    }

    /// A right password ends the count.
    pub fn passed(&mut self, key: &Key) {
        self.tries.remove(key);
    }

    /// Takes over what an earlier start left, and starts afresh when the password was reset since. The stored time is
    /// trusted no further than the lock it can have been, for the calendar may have jumped.
    pub fn recall(&mut self, user: &User, now: Instant, wall_ms: i64) {
        let key = Key::user(&user.name);
        if let Some(tries) = self.tries.get_mut(&key) {
            if tries.against.is_empty() {
                tries.against.clone_from(&user.password_hash);
            }
            if tries.against == user.password_hash {
                return;
            }
            self.tries.remove(&key);
        }
        if user.failures == 0 {
            return;
        }
        self.make_room();
        let stored = u64::try_from(user.locked_until.saturating_sub(wall_ms)).unwrap_or(0);
        let lock = lock_after(user.failures).map(|most| most.min(Duration::from_millis(stored)));
        let tries = Tries {
            wrong: user.failures,
            locked_until: lock.map(|lock| now + lock),
            last: now,
            against: user.password_hash.clone(),
        };
        self.tries.insert(key, tries);
    }

    fn make_room(&mut self) {
        if self.tries.len() >= KEYS_MAX {
            let oldest = self.tries.iter().min_by_key(|(_, tries)| tries.last);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.tries.remove(&key);
            }
        }
    }
}

impl Tries {
    fn none(now: Instant) -> Tries {
        Tries { wrong: 0, locked_until: None, last: now, against: String::new() }
    }
}

fn lock_after(wrong: u32) -> Option<Duration> {
    let lock = usize::try_from(wrong.checked_sub(TRIES)?).unwrap_or(usize::MAX);
    Some(Duration::from_secs(60 * MINUTES[lock.min(MINUTES.len() - 1)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_try_after_the_fifth_locks_for_longer() {
        let mut lockout = Lockout::default();
        let now = Instant::now();
        let locks: Vec<Option<u64>> = (0..10)
            .map(|_| lockout.failed(Key::user("bounmy"), now).1.map(|lock| lock.as_secs() / 60))
            .collect();
        assert_eq!(
            locks,
            [None, None, None, None, Some(1), Some(5), Some(15), Some(60), Some(60), Some(60)]
        );
        assert!(lockout.locked_for(&Key::user("bounmy"), now).is_some());
        assert!(lockout.locked_for(&Key::user("khamla"), now).is_none());
        let later = now + Duration::from_secs(3600);
        assert!(lockout.locked_for(&Key::user("bounmy"), later).is_none(), "never for ever");
    }

    #[test]
    fn a_lock_outlives_a_restart_but_not_a_jump_of_the_calendar() {
        let user = User {
            name: "bounmy".into(),
            password_hash: "hash".into(),
            roles: vec![],
            created: 0,
            failures: 5,
            locked_until: 1_000_000,
        };
        let now = Instant::now();
        for (wall_ms, left) in [(970_000, Some(30)), (2_000_000, None), (-9_000_000_000, Some(60))]
        {
            let mut lockout = Lockout::default();
            lockout.recall(&user, now, wall_ms);
            let locked = lockout.locked_for(&Key::user("bounmy"), now);
            assert_eq!(locked.map(|left| left.as_secs()), left, "{wall_ms}");
        }
    }

    #[test]
    fn a_new_password_ends_the_lock() {
        let mut user = User {
            name: "bounmy".into(),
            password_hash: "old".into(),
            roles: vec![],
            created: 0,
            failures: 5,
            locked_until: 60_000,
        };
        let now = Instant::now();
        let mut lockout = Lockout::default();
        lockout.recall(&user, now, 0);
        assert!(lockout.locked_for(&Key::user("bounmy"), now).is_some());
        user.password_hash = "new".into();
        user.failures = 0;
        lockout.recall(&user, now, 0);
        assert!(lockout.locked_for(&Key::user("bounmy"), now).is_none());
    }

    #[test]
    fn a_flood_of_addresses_is_remembered_only_so_far() {
        let mut lockout = Lockout::default();
        let now = Instant::now();
        for address in 0..2 * KEYS_MAX {
            lockout.failed(Key::Address(address.to_string()), now);
        }
        assert_eq!(lockout.tries.len(), KEYS_MAX);
    }
}
