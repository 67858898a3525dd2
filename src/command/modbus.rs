//! `sweetspring modbus`: a bus by hand, before a plant runs on it.

mod advice;
mod reach;
mod table;

use std::io::{BufRead, IsTerminal, Write as _};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use config::{Access, Table};
use sweetspring::field::modbus::{Function, Hand};

use super::say;
use advice::advice;
use reach::{LIMIT_SCAN, Reach, Reached, Shape, TableWord, Which, unit, word};
pub use table::columns;

pub const EXAMPLES: &str = "\
Examples:
  sweetspring modbus scan --port /dev/ttyUSB0 --parity even         who is on the bus
  sweetspring modbus read --port /dev/ttyUSB0 --unit 3 holding 0 8  eight registers, in every way to read them
  sweetspring modbus read --site site.toml --device drive_101a      a device of your site, by the names of its profile
  sweetspring modbus write --tcp 192.168.1.10:502 --unit 1 holding 8502 400
  sweetspring modbus watch --port /dev/ttyUSB0 --unit 7 holding 4   a level, once a second, until Ctrl-C

Ways to a bus: --port (RTU on a serial port), --tcp (Modbus TCP), --rtu-over-tcp (a serial server that passes frames on), or
--site with --bus or --device, which takes everything from a site file. One master a bus: stop the controller first.

Addresses are those on the wire, from 0: what a manual calls 40001 is `holding 0`, 30001 is `input 0`, 10001 is `discrete 0`.";

#[derive(Debug, Subcommand)]
pub enum Modbus {
    /// Asks every unit number once, and lists who answers
    #[command(after_long_help = EXAMPLES)]
    Scan(Scan),
    /// Reads registers: raw, and as each number they could be
    #[command(after_long_help = EXAMPLES)]
    Read(Read),
    /// Writes registers, after asking you, and reads them back
    #[command(after_long_help = EXAMPLES)]
    Write(Write),
    /// Reads again and again, and says what changed
    #[command(after_long_help = EXAMPLES)]
    Watch(Watch),
}

#[derive(Debug, Args)]
pub struct Scan {
    #[command(flatten)]
    reach: Reach,
    /// First unit number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = unit)]
    from: u8,
    /// Last unit number
    #[arg(long, value_name = "N", default_value_t = 247, value_parser = unit)]
    to: u8,
}

#[derive(Debug, Args)]
pub struct Read {
    #[command(flatten)]
    which: Which,
    /// Which table; not needed with --device
    #[arg(value_enum, required_unless_present = "device", requires = "address")]
    table: Option<TableWord>,
    /// First address on the wire, from 0; decimal or 0x
    #[arg(value_parser = word)]
    address: Option<u16>,
    /// How many
    #[arg(default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=125))]
    count: u16,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    read: Read,
    /// Time between two readings, ms
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..=3_600_000))]
    every: u64,
    /// Ends after so many readings
    #[arg(long, value_name = "N")]
    times: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Write {
    #[command(flatten)]
    which: Which,
    /// coil or holding
    #[arg(value_enum)]
    table: TableWord,
    /// First address on the wire, from 0; decimal or 0x
    #[arg(value_parser = word)]
    address: u16,
    /// What to write: 0 and 1 for coils
    #[arg(required = true, allow_negative_numbers = true)]
    values: Vec<String>,
    #[command(flatten)]
    shape: Shape,
    /// FC0F or FC10 even for one value: some devices know no other
    #[arg(long)]
    multiple: bool,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

/// Does one of them.
pub fn modbus(what: Modbus) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match what {
            Modbus::Scan(scan) => scan.scan().await,
            Modbus::Read(read) => read.once().await,
            Modbus::Write(write) => write.write().await,
            Modbus::Watch(watch) => watch.watch().await,
        }
    })
}

impl Scan {
    async fn scan(&self) -> anyhow::Result<()> {
        let reached = self.reach.find(LIMIT_SCAN)?;
        if self.from > self.to {
            bail!("--from {} is beyond --to {}", self.from, self.to);
        }
        let mut hand = Hand::new(reached.way.clone(), reached.limit);
        let is_watched = std::io::stderr().is_terminal();
        let mut found = 0;
        for unit in self.from..=self.to {
            if is_watched {
                eprint!("\rasking unit {unit} of {} \x1b[K", self.to);
            }
            let said = match hand.read(unit, Table::Holding, 0, 1).await {
                Ok(words) => Some(format!("{words:?}")),
                Err(refused) => advice::presence(&refused)?,
            };
            if is_watched {
                eprint!("\r\x1b[K");
            }
            // Each as it is found: all 247 take a minute.
            if let Some(said) = said {
                if found == 0 {
                    say("unit  says to `holding 0`")?;
                }
                say(&format!("{unit:<4}  {said}"))?;
                found += 1;
            }
        }
        if found == 0 {
            let units = format!("units {} to {}", self.from, self.to);
            bail!(advice::silence(&units, &reached.way, reached.limit));
        }
        Ok(())
    }
}

impl Read {
    async fn once(&self) -> anyhow::Result<()> {
        let (reached, unit) = self.which.find()?;
        let mut hand = Hand::new(reached.way.clone(), reached.limit);
        say(&table::columns(&self.rows(&mut hand, &reached, unit).await?))
    }

    /// What a table of it shows.
    async fn rows(
        &self,
        hand: &mut Hand,
        reached: &Reached,
        unit: u8,
    ) -> anyhow::Result<Vec<Vec<String>>> {
        let (Some(table), Some(address)) = (self.table, self.address) else {
            return named(hand, reached, unit).await;
        };
        let of = table.table();
        let words = hand.read(unit, of, address, self.count).await;
        let words = words.map_err(|refused| advice(&refused, unit, &reached.way))?;
        Ok(match self.shape.register(of, address) {
            Some(register) if !of.is_bits() => table::of_form(&register, &words),
            Some(_) | None => table::of_words(of, address, &words),
        })
    }
}

/// Every register of a device by its name; an error where it answers to none.
async fn named(hand: &mut Hand, reached: &Reached, unit: u8) -> anyhow::Result<Vec<Vec<String>>> {
    let mut silence = None;
    let mut answers = false;
    let head = ["register", "table", "address", "raw", "value", "unit"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for register in &reached.registers {
        if register.access == Access::Write {
            continue;
        }
        let read = hand.read(unit, register.table, register.address, register.words()).await;
        let [raw, value] = match read {
            Ok(words) => {
                answers = true;
                [table::raw(&words), table::decoded(register, &words)]
            }
            Err(refused) => {
                silence.get_or_insert_with(|| advice(&refused, unit, &reached.way));
                [String::new(), refused.to_string()]
            }
        };
        let (table, address) = (register.table.word().into(), register.address.to_string());
        rows.push(vec![register.name.clone(), table, address, raw, value, register.symbol.clone()]);
    }
    match silence {
        Some(why) if !answers => Err(why),
        Some(_) | None => Ok(rows),
    }
}

impl Watch {
    async fn watch(&self) -> anyhow::Result<()> {
        let (reached, unit) = self.read.which.find()?;
        let mut hand = Hand::new(reached.way.clone(), reached.limit);
        let mut beat = tokio::time::interval(Duration::from_millis(self.every));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // One for all: a signal that comes while a device is asked must not be lost.
        let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
        let (mut before, mut readings): (Vec<Vec<String>>, _) = (Vec::new(), 0);
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                ended = &mut ended => return Ok(ended?),
            }
            let now = chrono::Local::now().format("%H:%M:%S%.3f");
            let rows = tokio::select! {
                rows = self.read.rows(&mut hand, &reached, unit) => rows,
                ended = &mut ended => return Ok(ended?),
            };
            match rows {
                Ok(rows) if rows != before => {
                    // The head once; then what is new.
                    let is_first = before.is_empty();
                    let new = |(number, row): &(usize, &Vec<String>)| {
                        *number == 0 || before.get(*number) != Some(row)
                    };
                    let shown: Vec<Vec<String>> =
                        rows.iter().enumerate().filter(new).map(|(_, row)| row.clone()).collect();
                    let text = table::columns(&shown);
                    let skipped = usize::from(!is_first);
                    for line in text.lines().skip(skipped) {
                        say(&format!("{now}  {line}"))?;
                    }
                    before = rows;
                }
                Ok(_) => {}
                Err(error) => say(&format!("{now}  {error}"))?,
            }
            readings += 1;
            if self.times.is_some_and(|times| readings >= times) {
                return Ok(());
            }
        }
    }
}

impl Write {
    async fn write(&self) -> anyhow::Result<()> {
        let table = self.table.table();
        match table {
            Table::Coil | Table::Holding => {}
            Table::DiscreteInput | Table::Input => {
                bail!("table `{}` can only be read; coil and holding can be written", table.word())
            }
        }
        let words = table::words_to_write(&self.values, self.shape.register(table, self.address))?;
        let count = u16::try_from(words.len()).context("too many values")?;
        let (reached, unit) = self.which.find()?;
        let mut hand = Hand::new(reached.way.clone(), reached.limit);
        let was = match hand.read(unit, table, self.address, count).await {
            Ok(was) => format!("was {}", table::raw(&was)),
            Err(refused) => format!("cannot be read: {refused}"),
        };
        let what = format!(
            "{} to {} {} of unit {unit} at {} ({was})",
            table::raw(&words),
            table.word(),
            self.address,
            reached.way
        );
        if !self.yes && !agreed(&what)? {
            bail!("nothing was written");
        }
        let function = if self.multiple { Function::Multiple } else { Function::ByNumber };
        let written = hand.write(unit, table, self.address, &words, function).await;
        written.map_err(|refused| {
            let why = advice(&refused, unit, &reached.way);
            if advice::is_answered(&refused) {
                return why;
            }
            why.context(format!(
                "nobody confirmed it, and it may have been taken all the same: {what}. Read it"
            ))
        })?;
        match hand.read(unit, table, self.address, count).await {
            Ok(now) if now == words => say(&format!("written: {what}; reads back the same")),
            Ok(now) => say(&format!("taken: {what}; reads back {}", table::raw(&now))),
            Err(refused) => say(&format!("taken: {what}; cannot be read back: {refused}")),
        }
    }
}

/// Whether the person at the terminal means it.
fn agreed(what: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("write {what}? Nobody is there to agree: give --yes when you are sure");
    }
    eprint!("Write {what}? Pumps and valves may move. Type yes: ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}
