//! A connection that speaks Modbus TCP, through tokio-modbus.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::slave::SlaveContext;
use tokio_modbus::{Error, Request, Response, Slave};

use super::connection::{Answer, Failure};
use super::wire::Wire;

/// A connection.
pub struct Tcp {
    bus: Context,
    wire: Wire,
}

impl Tcp {
    #[must_use]
    pub fn new(stream: TcpStream) -> Tcp {
        let wire = Wire::new(stream);
        Tcp { bus: tcp::attach(wire.clone()), wire }
    }

    /// One request and its answer. After any failure but an exception the connection must not be used again.
    pub async fn ask(
        &mut self,
        unit: u8,
        request: &Request<'static>,
        limit: Duration,
    ) -> Result<Answer, Failure> {
        if let Request::Custom(function, content) = request {
            let outcome = timeout(limit, self.wire.echo(unit, *function, content)).await;
            return outcome.unwrap_or(Err(Failure::Silent(limit)));
        }
        self.bus.set_slave(Slave(unit));
        match timeout(limit, self.bus.call(request.clone())).await {
            Err(_) => Err(Failure::Silent(limit)),
            Ok(Err(Error::Protocol(error))) => Err(Failure::Misfit(error.to_string())),
            Ok(Err(Error::Transport(error))) => Err(Failure::Lost(error.to_string())),
            Ok(Ok(Err(exception))) => Err(Failure::Exception(exception)),
            Ok(Ok(Ok(response))) => fit(request, response),
        }
    }
}

/// The content of a response, if it can be the answer to this request.
fn fit(request: &Request<'_>, response: Response) -> Result<Answer, Failure> {
    match (request, response) {
        (Request::ReadCoils(_, asked), Response::ReadCoils(bits))
        | (Request::ReadDiscreteInputs(_, asked), Response::ReadDiscreteInputs(bits)) => {
            let asked = usize::from(*asked);
            // Bits come in whole bytes.
            if bits.len() == asked.next_multiple_of(8) {
                Ok(Answer::Bits(bits[..asked].to_vec()))
            } else {
                Err(Failure::Misfit(format!("{} bits for {asked}", bits.len())))
            }
        }
        (Request::ReadHoldingRegisters(_, asked), Response::ReadHoldingRegisters(words))
        | (Request::ReadInputRegisters(_, asked), Response::ReadInputRegisters(words)) => {
            if words.len() == usize::from(*asked) {
                Ok(Answer::Words(words))
            } else {
                Err(Failure::Misfit(format!("{} registers for {asked}", words.len())))
            }
        }
        (Request::WriteSingleCoil(address, value), Response::WriteSingleCoil(at, taken))
            if (*address, *value) == (at, taken) =>
        {
            Ok(Answer::Written)
        }
        (
            Request::WriteSingleRegister(address, value),
            Response::WriteSingleRegister(at, taken),
        ) if (*address, *value) == (at, taken) => Ok(Answer::Written),
        (
            Request::WriteMultipleCoils(address, values),
            Response::WriteMultipleCoils(at, number),
        ) if (*address, values.len()) == (at, usize::from(number)) => Ok(Answer::Written),
        (
            Request::WriteMultipleRegisters(address, values),
            Response::WriteMultipleRegisters(at, number),
        ) if (*address, values.len()) == (at, usize::from(number)) => Ok(Answer::Written),
        (request, response) => Err(Failure::Misfit(format!("{response:?} to {request:?}"))),
    }
}
