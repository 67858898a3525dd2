//! One opened way to a bus, of either kind: a TCP connection that speaks Modbus TCP, or a line that carries RTU.

use std::io;
use std::time::Duration;

use config::{BusKind, Parity, StopBits};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::Request;
use tokio_serial::SerialStream;

use super::connection::{Answer, Failure};
use super::doubt::Doubt;
use super::rtu::{Rtu, Stream};
use super::tcp::Tcp;
use super::way::Way;

/// A peer that does not accept within this is not there; chosen: ten round trips over a bad radio link.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// Why a way to a bus does not open, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    #[error(
        "there is no serial port {port}: plug the adapter in; `ls -l /dev/serial/by-id` lists those there are"
    )]
    Missing { port: String },
    #[error(
        "serial port {port} may not be used by this user: add it to the group that owns the port (`ls -l {port}`; on \
         Debian `sudo usermod -aG dialout $USER`, then log in again)"
    )]
    Forbidden { port: String },
    #[error(
        "serial port {port} is used by another program: one master a bus; stop the other (`sudo fuser {port}`), for \
         instance the controller"
    )]
    Taken { port: String },
    #[error("{port} does not work as a serial port with these settings: {why}")]
    Unfit { port: String, why: String },
    #[error("{address} does not accept a connection: {why}")]
    Unreachable { address: String, why: String },
    #[error("{place}: {why}")]
    Unrest { place: String, why: String },
    #[error("the lines of the header speak no Modbus")]
    Header,
}

/// What is open.
pub enum Line {
    Tcp(Tcp),
    Rtu(Rtu),
}

impl Line {
    pub async fn open(way: &Way) -> Result<Line, Closed> {
        let rtu = async |stream: Box<dyn Stream>| {
            let place = way.to_string();
            let line = Rtu::new(stream, way.clone()).await;
            line.map(Line::Rtu).map_err(|why| Closed::Unrest { place, why: why.to_string() })
        };
        match &way.kind {
            BusKind::Tcp { address } => Ok(Line::Tcp(Tcp::new(connect(address).await?))),
            BusKind::RtuOverTcp { address } => rtu(Box::new(connect(address).await?)).await,
            BusKind::Rtu { port, parity, stop_bits } => {
                let baud = way.baud.unwrap_or_default();
                rtu(Box::new(serial(port, baud, *parity, *stop_bits)?)).await
            }
            BusKind::Gpio { .. } => Err(Closed::Header),
        }
    }

    /// Asks one device. After any failure but an exception the line must not be used again.
    pub async fn ask(
        &mut self,
        unit: u8,
        request: &Request<'static>,
        limit: Duration,
        doubt: &mut Doubt,
    ) -> Result<Answer, Failure> {
        match self {
            Line::Tcp(tcp) => tcp.ask(unit, request, limit).await,
            Line::Rtu(rtu) => rtu.ask(unit, request, limit, doubt).await,
        }
    }

    /// Whether a failure says nothing about the devices: a line that carries several is opened again, and they are asked on
    /// as if nothing had been. A TCP connection that ends may have ended with a device that lost its power.
    #[must_use]
    pub fn outlives_failures(&self) -> bool {
        match self {
            Line::Tcp(_) => false,
            Line::Rtu(_) => true,
        }
    }
}

async fn connect(address: &str) -> Result<TcpStream, Closed> {
    let refuse = |why: String| Closed::Unreachable { address: address.into(), why };
    let connecting = timeout(CONNECT_MAX, TcpStream::connect(address)).await;
    let stream = connecting.map_err(|_| refuse(format!("nothing within {CONNECT_MAX:?}")))?;
    let stream = stream.map_err(|error| refuse(error.to_string()))?;
    // A request is one small packet that must not wait for company.
    stream.set_nodelay(true).map_err(|error| refuse(error.to_string()))?;
    Ok(stream)
}

fn serial(
    port: &str,
    baud: u32,
    parity: Parity,
    stop_bits: StopBits,
) -> Result<SerialStream, Closed> {
    let parity = match parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = match stop_bits {
        StopBits::One => tokio_serial::StopBits::One,
        StopBits::Two => tokio_serial::StopBits::Two,
    };
    let settings = tokio_serial::new(port, baud).parity(parity).stop_bits(stop_bits);
    SerialStream::open(&settings).map_err(|error| {
        let port = port.to_string();
        match error.kind {
            tokio_serial::ErrorKind::Io(io::ErrorKind::NotFound) => Closed::Missing { port },
            tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
                Closed::Forbidden { port }
            }
            tokio_serial::ErrorKind::NoDevice => Closed::Taken { port },
            tokio_serial::ErrorKind::Io(_)
            | tokio_serial::ErrorKind::InvalidInput
            | tokio_serial::ErrorKind::Unknown => Closed::Unfit { port, why: error.description },
        }
    })
}
