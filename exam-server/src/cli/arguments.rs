//! What the command line takes.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use exam_core::item::{Pool, Unknown};
use question_bank::export::ExportFormat;
use question_bank::format::Format;

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
    /// Where photos are kept; with `roster import` the folder of the registry's photographs, each
    /// named by the ID number or the practice certificate number of whom it shows
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
        let photos = if self.portraits().is_some() { &None } else { &self.photos };
        let paths = [(&mut settings.photos, photos), (&mut settings.key_file, &self.key_file)];
        for (setting, flag) in paths {
            if let Some(flag) = flag {
                *setting = Some(flag.clone());
            }
        }
        Ok(settings)
    }

    /// The folder of the registry's photographs: with `roster import` the flag names that one.
    pub(super) fn portraits(&self) -> Option<&Path> {
        self.photos.as_deref().filter(|_| matches!(self.command, Command::Roster(_)))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make what a demo needs where it is missing, print addresses and accounts, and serve
    Demo {
        /// Let phones of the same network try it, with a self-signed certificate
        #[arg(long)]
        lan: bool,
    },
    /// Serve candidates and staff
    Serve,
    /// Import, approve, check and list question banks
    #[command(subcommand)]
    Bank(BankCommand),
    /// Load the registry's people
    #[command(subcommand)]
    Roster(RosterCommand),
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
    /// Delete photos whose time is over, and files of the photo store that no attempt has
    Purge {
        /// Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Restore a backup into a database that is not there yet, and check it
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Move a whole SQLite database into an empty PostgreSQL, and compare the two
    Move {
        /// The empty database: postgres://…; a password may stand in PGPASSFILE instead
        #[arg(long)]
        to: String,
        /// Rehearse beside a running server: what is written meanwhile stays behind
        #[arg(long)]
        although_running: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum BankCommand {
    /// Import a file as drafts: all of it, or nothing
    Import {
        /// A workbook, a table, a text as pasted from a word processor, GIFT, Aiken, Moodle XML, a
        /// QTI item or package, or a bank in the JSON format
        file: PathBuf,
        /// The bank; made if there is none of this name
        #[arg(long)]
        bank: String,
        /// Whose import it is: an author's login; may be left out where there is only one
        #[arg(long = "as")]
        login: Option<String>,
        /// What items are for whose file does not say
        #[arg(long, default_value = "exam", value_parser = pool)]
        pool: Pool,
        /// The file's format; by itself what the file holds tells
        #[arg(long, default_value = "auto", value_parser = format)]
        format: Wanted,
        /// Only say what would become of it
        #[arg(long)]
        dry_run: bool,
        /// Take the good items although others are bad
        #[arg(long)]
        skip_bad: bool,
    },
    /// Approve all drafts of a bank, or those of one import
    Approve {
        /// The bank
        #[arg(long)]
        bank: String,
        /// The import's number
        #[arg(long)]
        import: Option<i64>,
        /// Whose approval it is: an approver's login; may be left out where there is only one
        #[arg(long = "as")]
        login: Option<String>,
    },
    /// Reject the drafts of an import; they stay in the history
    Reject {
        /// The bank
        #[arg(long)]
        bank: String,
        /// The import's number
        #[arg(long)]
        import: i64,
        /// Why
        #[arg(long)]
        reason: String,
        /// Whose decision it is: an approver's login; may be left out where there is only one
        #[arg(long = "as")]
        login: Option<String>,
    },
    /// Take an approved item or group out of what is drawn
    Withdraw {
        /// The bank
        #[arg(long)]
        bank: String,
        /// Its code
        #[arg(long)]
        code: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Whose decision it is: an approver's login; may be left out where there is only one
        #[arg(long = "as")]
        login: Option<String>,
    },
    /// List the imports of a bank
    Imports {
        /// The bank
        #[arg(long)]
        bank: String,
    },
    /// Show all versions of an item or group, with what was done and what changed
    History {
        /// The bank
        #[arg(long)]
        bank: String,
        /// Its code
        #[arg(long)]
        code: String,
    },
    /// Find items by their texts and by what they are
    Find {
        /// The bank
        #[arg(long)]
        bank: String,
        #[command(flatten)]
        sought: SoughtArguments,
    },
    /// Write items as a file: json and qti lose nothing, xlsx, moodle-xml and gift say what they lose
    Export {
        /// The file to write
        out: PathBuf,
        /// The bank
        #[arg(long)]
        bank: String,
        /// json, qti, xlsx, moodle-xml or gift
        #[arg(long, default_value = "json", value_parser = export_format)]
        format: ExportFormat,
        #[command(flatten)]
        sought: SoughtArguments,
    },
    /// Count items by type, topic, difficulty and pool
    Cells {
        /// The bank
        #[arg(long)]
        bank: String,
        #[command(flatten)]
        sought: SoughtArguments,
    },
    /// Count the answers of closed attempts: how hard items proved to be, for exams published later
    Measure {
        /// Name the items of this bank that are not as hard as their authors say
        #[arg(long)]
        bank: Option<String>,
    },
    /// Look at a whole file: problems, nearly equal pairs, spread of the keys
    Check {
        /// A bank file of any format
        file: PathBuf,
    },
    /// Write the table that authors fill in as a workbook
    Template {
        /// The workbook to write
        out: PathBuf,
        /// A bank file whose items it begins with
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// List all banks
    List,
}

/// What is looked for; all of it must fit.
#[derive(Debug, clap::Args)]
pub(super) struct SoughtArguments {
    /// Words that all stand in it: in stems, options, explanations, codes, topics or tags
    #[arg(long)]
    pub(super) text: Option<String>,
    /// newest (draft or approved), approved, draft or withdrawn
    #[arg(long)]
    pub(super) standing: Option<String>,
    /// A type; may be repeated
    #[arg(long = "type")]
    pub(super) types: Vec<String>,
    /// A topic; it stands for everything below it
    #[arg(long)]
    pub(super) topic: Option<String>,
    /// A difficulty; may be repeated
    #[arg(long = "difficulty")]
    pub(super) difficulties: Vec<String>,
    /// exam or practice
    #[arg(long)]
    pub(super) pool: Option<String>,
    /// A tag
    #[arg(long)]
    pub(super) tag: Option<String>,
    /// A 执业类别 that items name as theirs
    #[arg(long)]
    pub(super) category: Option<String>,
    /// A 执业范围 that items name as theirs
    #[arg(long)]
    pub(super) practice_scope: Option<String>,
    /// The number of an import
    #[arg(long)]
    pub(super) import: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RosterCommand {
    /// Store the people of a table; with one bad row nothing is stored
    Import {
        /// A workbook (.xlsx) or a table (.csv)
        file: PathBuf,
        /// Issue a one-time code for each person and write them to this CSV file
        #[arg(long)]
        codes: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ExamCommand {
    /// Check an exam file against banks and roster
    Check {
        /// TOML or JSON
        file: PathBuf,
    },
    /// Say what the banks have for each cell, and what papers will be like, by drawing many
    Simulate {
        /// TOML or JSON
        file: PathBuf,
        /// How many papers are drawn
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        papers: u32,
        /// How many of them each candidate sits
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        attempts: u32,
        /// The same number gives the same papers
        #[arg(long, default_value_t = 1)]
        seed: u64,
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

/// The format that a file is said to have, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted(pub(super) Option<Format>);

fn format(name: &str) -> Result<Wanted, Unknown> {
    if name == "auto" { Ok(Wanted(None)) } else { name.parse().map(Some).map(Wanted) }
}

fn export_format(name: &str) -> Result<ExportFormat, Unknown> {
    name.parse()
}

fn pool(name: &str) -> Result<Pool, Unknown> {
    name.parse()
}
