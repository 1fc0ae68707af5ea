//! What the command line takes.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::store::Role;

/// An examination engine for the periodic assessment of physicians.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// The database: sqlite:PATH or postgres://…
    #[arg(long, global = true)]
    database: Option<String>,
    /// Where to listen: HOST:PORT
    #[arg(long, global = true)]
    listen: Option<String>,
    /// The folder of photos
    #[arg(long, global = true)]
    photos: Option<PathBuf>,
    /// A configuration file (TOML)
    #[arg(long, global = true, env = "EXAM_CONFIG")]
    config: Option<PathBuf>,
    /// The file with the server's secret key
    #[arg(long, global = true)]
    key_file: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl Cli {
    /// The configuration: file, then environment, then flags.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = Settings::read(self.config.as_deref())?;
        let flags =
            [(&mut settings.database, &self.database), (&mut settings.listen, &self.listen)];
        for (setting, flag) in flags {
            if let Some(flag) = flag {
                *setting = Some(flag.clone());
            }
        }
        let paths =
            [(&mut settings.photos, &self.photos), (&mut settings.key_file, &self.key_file)];
        for (setting, flag) in paths {
            if let Some(flag) = flag {
                *setting = Some(flag.clone());
            }
        }
        Ok(settings)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve candidates and staff
    Serve,
    /// Check, publish and list exams
    #[command(subcommand)]
    Exam(ExamCommand),
    /// Add staff
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Make and remove synthetic candidates for a load test
    #[command(subcommand)]
    Rehearsal(RehearsalCommand),
    /// Rebuild attempts from their journals
    #[command(subcommand)]
    Attempt(AttemptCommand),
    /// Check the chain of decisions
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write a checked backup beside a running server
    Backup {
        /// The file to write
        file: PathBuf,
    },
    /// Restore a backup into a database that is not there yet, and check it
    Restore {
        /// The backup
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ExamCommand {
    /// Check an exam file against banks and roster
    Check {
        /// TOML or JSON
        file: PathBuf,
    },
    /// Publish an exam file
    Publish {
        /// TOML or JSON
        file: PathBuf,
    },
    /// List all exams
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum StaffCommand {
    /// Add a member of staff and print the one-time enrolment token
    Add {
        /// The name to sign in with
        #[arg(long)]
        login: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// author, approver, invigilator, officer or operator; may be repeated
        #[arg(long, required = true)]
        role: Vec<Role>,
        /// An institution whose people the member may see; may be repeated; without it, all
        #[arg(long = "institution")]
        institutions: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RehearsalCommand {
    /// Make new marked candidates and write their tokens
    Create {
        /// The exam's id
        #[arg(long)]
        exam: String,
        /// How many
        #[arg(long)]
        candidates: usize,
        /// The CSV file to write: candidate_id,token
        #[arg(long)]
        out: PathBuf,
    },
    /// Remove all of them with everything of theirs
    Clear,
}

#[derive(Debug, Subcommand)]
pub(super) enum AttemptCommand {
    /// Show an attempt as its journal has it
    Show {
        /// The attempt's id
        attempt: String,
    },
    /// Draw its paper again and compare byte for byte
    Redraw {
        /// The attempt's id
        attempt: String,
    },
    /// Rebuild and compare everything derived; without an id, of all attempts
    Verify {
        /// The attempt's id
        attempt: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Check that no row was edited, removed, moved or cut off
    Verify,
}
