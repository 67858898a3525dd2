//! `sweetspring user` and `sweetspring trust`.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};
use plc::tag::Role;
use sweetspring::access::users::{self, Users, role_named, role_word};
use sweetspring::controller::{pki, wall};
use sweetspring::journal::{Offline, Opened};
use sweetspring::{machine, opcua};

use super::{Place, UserCommand, say};

pub fn user(what: UserCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match what {
            UserCommand::Add { name, roles, place } => {
                let roles = roles.iter().map(|word| known(word)).collect::<Result<_, _>>()?;
                let people = people(&place).await?;
                let password = ask_password(&name)?;
                let user = users::add(&people, &name, &password, roles).await?;
                say(&format!("{name} may log in as {}", words(&user.roles)))?;
            }
            UserCommand::Reset { name, place } => {
                let people = people(&place).await?;
                let password = ask_password(&name)?;
                users::reset(&people, &name, &password).await?;
                say(&format!("{name} has a new password"))?;
            }
            UserCommand::List { place } => {
                let everybody = people(&place).await?.list().await?;
                for user in &everybody {
                    let locked = user.locked_until > machine::wall_ms();
                    let locked = if locked { "   (locked for now)" } else { "" };
                    say(&format!("{:<20} {}{locked}", user.name, words(&user.roles)))?;
                }
                if everybody.is_empty() {
                    say("nobody yet: the set-up code on the terminal makes the first user")?;
                }
            }
        }
        Ok(())
    })
}

pub fn trust(file: &Path, place: &Place) -> anyhow::Result<()> {
    say(&opcua::trust(&pki(&place.folder()?), file)?)
}

async fn people(place: &Place) -> anyhow::Result<Offline> {
    Ok(Offline::new(Opened::open(&place.folder()?, wall()).await?))
}

fn known(word: &str) -> anyhow::Result<Role> {
    role_named(word).with_context(|| {
        format!("{word}: a role is Observer, Operator, Supervisor, Engineer or Admin")
    })
}

fn words(roles: &[Role]) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role_word(*role)).collect();
    words.join(", ")
}

/// From the terminal, unseen and twice; from a pipe, its first line.
fn ask_password(name: &str) -> anyhow::Result<String> {
    let ask = |question: &str| -> anyhow::Result<String> {
        eprint!("{question}");
        std::io::stderr().flush()?;
        let line = machine::read_secret()?;
        eprintln!();
        Ok(line)
    };
    let line = if std::io::stdin().is_terminal() {
        let once = ask(&format!("Password for {name}: "))?;
        if ask("Once more: ")? != once {
            bail!("the two are not the same");
        }
        once
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        line
    };
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
