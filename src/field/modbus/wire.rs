//! The socket under a connection, shared by tokio-modbus and by the one request it cannot carry.
//!
//! A relay's switch-on for a limited time (`plant.md` 1.6, flash-on) is FC05 with a time where the standard has ON or OFF.
//! tokio-modbus sends no such frame and takes its answer for a broken one, so [`Wire::echo`] speaks for itself. Requests
//! follow one another, so that the two never meet.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_modbus::ExceptionCode;

use super::connection::{Answer, Failure};

/// Transaction of every request sent here; its answer must carry it. tokio-modbus counts from 0, so that it comes to this
/// number once in 65 536 requests, and even then only an answer that is late could be mistaken, which ends a connection.
const TRANSACTION: u16 = 0xFFFF;
/// Transaction, protocol, length, unit.
const HEADER: usize = 7;
/// Set in the function of an exception.
const EXCEPTION: u8 = 0x80;

/// A socket with two users.
#[derive(Clone, Debug)]
pub struct Wire(Arc<Mutex<TcpStream>>);

impl Wire {
    #[must_use]
    pub fn new(stream: TcpStream) -> Wire {
        Wire(Arc::new(Mutex::new(stream)))
    }

    /// Sends a request whose answer repeats it.
    pub async fn echo(
        &mut self,
        unit: u8,
        function: u8,
        content: &[u8],
    ) -> Result<Answer, Failure> {
        let lost = |error: io::Error| Failure::Lost(error.to_string());
        // Unit and function count.
        let length = u16::try_from(content.len() + 2)
            .map_err(|_| Failure::Misfit("request too long".into()))?;
        let mut request = Vec::with_capacity(HEADER + 1 + content.len());
        request.extend(TRANSACTION.to_be_bytes());
        request.extend([0, 0]);
        request.extend(length.to_be_bytes());
        request.extend([unit, function]);
        request.extend(content);
        self.write_all(&request).await.map_err(lost)?;

        let mut answer = [0; HEADER + 2];
        self.read_exact(&mut answer).await.map_err(lost)?;
        let same_header = answer[..4] == request[..4] && answer[6] == unit;
        if same_header && answer[7] == function | EXCEPTION && answer[4..6] == [0, 3] {
            return Err(Failure::Exception(ExceptionCode::new(answer[8])));
        }
        let mut rest = vec![0; request.len() - answer.len()];
        if same_header && answer[..] == request[..answer.len()] {
            self.read_exact(&mut rest).await.map_err(lost)?;
            if rest == request[answer.len()..] {
                return Ok(Answer::Written);
            }
        }
        Err(Failure::Misfit(format!("{answer:02x?} {rest:02x?} to {request:02x?}")))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_shutdown(context)
    }
}
