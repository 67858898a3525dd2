//! A pseudo-terminal instead of a cable, for a controller on this machine.
//!
//! Our end outlives the controller's: that is closed and opened again whenever the controller has doubts. The runtime remembers
//! for good that a file was hung up, and from then on takes it for readable without end; tokio-serial then asks it over and
//! over, a whole core long. So each conversation is on a registration of its own, and ends when that is spoilt.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Our end.
#[derive(Debug)]
pub struct Pty(OwnedFd);

/// One conversation on it.
#[derive(Debug)]
pub struct Conversation(AsyncFd<File>);

impl Pty {
    /// A new one, and the path of the controller's end.
    pub fn open() -> io::Result<(Pty, String)> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        // Until the controller says how it wants it: bytes as they are.
        let mut settings = tcgetattr(&ours)?;
        settings.make_raw();
        tcsetattr(&ours, OptionalActions::Now, &settings)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        let path = ptsname(&ours, Vec::new())?;
        Ok((Pty(ours), path.to_string_lossy().into_owned()))
    }

    /// Needs a runtime.
    #[allow(unsafe_code)] // tokio cannot know that a file stays what it was.
    pub fn converse(&self) -> io::Result<Conversation> {
        let file = File::from(self.0.try_clone()?);
        // SAFETY: the file owns its descriptor, and nobody takes it out or closes it before the registration ends.
        Ok(Conversation(unsafe { AsyncFd::register(file) }?))
    }
}

/// The controller's end is, or was, closed.
fn spoilt() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl AsyncRead for Conversation {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(context))?;
            let is_closed = guard.ready().is_read_closed();
            match guard.try_io(|file| file.get_ref().read(buffer.initialize_unfilled())) {
                Ok(number) => {
                    buffer.advance(number?);
                    return Poll::Ready(Ok(()));
                }
                Err(_would_block) if is_closed => return Poll::Ready(Err(spoilt())),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Conversation {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_write_ready(context))?;
            let is_closed = guard.ready().is_write_closed();
            match guard.try_io(|file| file.get_ref().write(bytes)) {
                Ok(number) => return Poll::Ready(number),
                Err(_would_block) if is_closed => return Poll::Ready(Err(spoilt())),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_line_that_was_closed_and_opened_again_begins_a_new_conversation() {
        let (pty, path) = Pty::open().unwrap();
        let open = || File::options().read(true).write(true).open(&path).unwrap();
        let mut controller = open();
        let mut talk = pty.converse().unwrap();
        controller.write_all(b"one").unwrap();
        let mut bytes = [0; 3];
        talk.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"one");
        drop(controller);
        let ended = timeout(Duration::from_secs(10), talk.read(&mut [0; 3])).await;
        assert!(!matches!(ended.expect("it ends"), Ok(1..)));
        let mut controller = open();
        controller.write_all(b"two").unwrap();
        // The first one may be of the old hang-up as well.
        let mut talk = loop {
            let mut talk = pty.converse().unwrap();
            let heard = timeout(Duration::from_secs(10), talk.read_exact(&mut bytes)).await;
            if heard.expect("it speaks or ends").is_ok() {
                break talk;
            }
        };
        assert_eq!(&bytes, b"two");
        talk.write_all(b"yes").await.unwrap();
        controller.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"yes");
    }
}
