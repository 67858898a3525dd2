//! What the operating system offers and the standard library does not: the boot clock, precise sleep, real-time priority,
//! locked memory, whether the wall clock is synchronised, free disk space.
#![allow(unsafe_code)] // Plain system calls on values of this file; nothing is kept behind a pointer.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Priority of the scan thread among real-time threads: above everything of ours, below the kernel's own.
const SCAN_PRIORITY: i32 = 50;

/// Time since the machine booted, suspends included: what plant time is measured with.
#[must_use]
pub fn boot_clock() -> Duration {
    clock(libc::CLOCK_BOOTTIME)
}

/// Milliseconds since 1970 UTC, as the wall clock has it; may jump.
#[must_use]
pub fn wall_ms() -> i64 {
    let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => ms(since),
        Err(before) => -ms(before.duration()),
    }
}

fn clock(which: libc::clockid_t) -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer. Both clocks used exist on every Linux since 2.6.39.
    unsafe { libc::clock_gettime(which, &mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Sleeps until the boot clock shows `deadline`. The sleep itself runs on the monotonic clock, which every Linux permits: a
/// suspend makes it late, and the next deadline is counted from the boot clock again.
pub fn sleep_until(deadline: Duration) {
    let left = deadline.saturating_sub(boot_clock());
    if left.is_zero() {
        return;
    }
    let wake = clock(libc::CLOCK_MONOTONIC) + left;
    let wake = libc::timespec {
        tv_sec: libc::time_t::try_from(wake.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(wake.subsec_nanos().cast_signed()),
    };
    // SAFETY: `wake` is a valid time; nothing is asked back. A signal only ends the sleep early: it begins again.
    while unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &wake,
            std::ptr::null_mut(),
        )
    } == libc::EINTR
    {}
}

/// Asks for everything that makes the calling thread punctual; returns what was refused.
#[must_use]
pub fn be_punctual() -> Vec<(&'static str, io::Error)> {
    let mut refused = Vec::new();
    // SAFETY: no pointers. One nanosecond instead of the default 50 µs by which the kernel may delay a wake-up.
    if unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_u64) } != 0 {
        refused.push(("timer slack", io::Error::last_os_error()));
    }
    let parameters = libc::sched_param { sched_priority: SCAN_PRIORITY };
    // SAFETY: `parameters` is valid for the call; 0 is the calling thread.
    if unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameters) } != 0 {
        refused.push(("real-time priority", io::Error::last_os_error()));
    }
    // SAFETY: no pointers. Only what is in use now and later is kept in memory.
    if unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) } != 0 {
        refused.push(("locked memory", io::Error::last_os_error()));
    }
    refused
}

/// Whether the kernel holds the wall clock for synchronised.
#[must_use]
pub fn clock_is_synchronised() -> bool {
    let mut answer = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: all zeroes are a valid `timex` that asks and sets nothing; the kernel fills it in.
    let state = unsafe { libc::adjtimex(answer.as_mut_ptr()) };
    state >= 0 && state != libc::TIME_ERROR
}

/// Local time less UTC, seconds, as the machine's time zone has it now. Not for the scan thread: it may read a file.
#[must_use]
pub fn local_offset_s() -> i64 {
    let now = wall_ms().div_euclid(1000);
    let mut local = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both are valid places; the answer is read only when the call says that it filled it in.
    unsafe {
        if libc::localtime_r(&now, local.as_mut_ptr()).is_null() {
            return 0;
        }
        local.assume_init().tm_gmtoff
    }
}

/// Reads a line from the terminal without showing it.
pub fn read_secret() -> io::Result<String> {
    let mut line = String::new();
    let mut before = MaybeUninit::<libc::termios>::zeroed();
    // SAFETY: `before` is a valid place; it is read only after success, and given back unchanged but for the echo.
    let shown = unsafe {
        if libc::tcgetattr(libc::STDIN_FILENO, before.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        before.assume_init()
    };
    let mut hidden = shown;
    hidden.c_lflag &= !libc::ECHO;
    // SAFETY: both are valid settings of this terminal.
    unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSAFLUSH, &hidden) };
    let read = io::stdin().read_line(&mut line);
    // SAFETY: as above.
    unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSAFLUSH, &shown) };
    read?;
    Ok(line)
}

/// Bytes that may still be written to the disk of a folder.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    let mut answer = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` ends with a zero and `answer` is a valid place; it is read only after success.
    let answer = unsafe {
        if libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        answer.assume_init()
    };
    Ok(answer.f_bavail * answer.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_when_its_deadline_has_come_and_not_before() {
        let deadline = boot_clock() + Duration::from_millis(5);
        sleep_until(deadline);
        assert!(boot_clock() >= deadline);
    }

    #[test]
    fn the_disk_of_a_folder_that_is_not_there_has_no_free_space_to_tell() {
        assert!(free_space(Path::new("/")).is_ok());
        assert!(free_space(Path::new("/no/such/folder")).is_err());
    }
}
