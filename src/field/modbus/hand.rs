//! A bus by hand, for commissioning: one request at a time, on the same lines and with the same care as the driver's.

use std::time::Duration;

use config::Table;
use tokio::time::sleep_until;
use tokio_modbus::Request;

use super::bus::words_of;
use super::connection::{Answer, Failure};
use super::doubt::Doubt;
use super::line::{Closed, Line};
use super::plan::{self, Function};
use super::way::Way;

/// Why something was not done by hand.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A bus in somebody's hand.
pub struct Hand {
    way: Way,
    limit: Duration,
    line: Option<Line>,
    doubt: Doubt,
}

impl Hand {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(way: Way, limit: Duration) -> Hand {
        Hand { way, limit, line: None, doubt: Doubt::new(1.0) }
    }

    /// Words, or bits as 0 and 1, of a unit.
    pub async fn read(
        &mut self,
        unit: u8,
        table: Table,
        address: u16,
        count: u16,
    ) -> Result<Vec<u16>, Refused> {
        let answer = self.ask(unit, &plan::read(table, address, count)).await?;
        Ok(words_of(answer).unwrap_or_default())
    }

    /// Writes coils (0 and anything else) or holding registers; the other tables cannot be written.
    pub async fn write(
        &mut self,
        unit: u8,
        table: Table,
        address: u16,
        words: &[u16],
        function: Function,
    ) -> Result<(), Refused> {
        let request = plan::write(table, address, words, function);
        self.ask(unit, &request).await.map(drop)
    }

    async fn ask(&mut self, unit: u8, request: &Request<'static>) -> Result<Answer, Refused> {
        loop {
            let line = match &mut self.line {
                Some(line) => line,
                None => self.line.insert(Line::open(&self.way).await?),
            };
            match line.ask(unit, request, self.limit, &mut self.doubt).await {
                Err(Failure::Unsettled { until }) => sleep_until(until).await,
                Ok(answer) => return Ok(answer),
                Err(exception @ Failure::Exception(_)) => return Err(exception.into()),
                Err(failure) => {
                    self.line = None;
                    return Err(failure.into());
                }
            }
        }
    }
}
