//! What an experiment found: a verdict, a sentence, and the numbers behind it.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a finding comes to. The names in JSON are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// Somebody honest has to log in again.
    LogsOut,
    /// One session becomes several that live on by themselves.
    Forks,
    /// A stolen token is used, and nothing comes of it.
    TheftUnnoticed,
    /// A token works after its session was signed out.
    OutlivesLogout,
    /// It can do harm, but not by itself.
    Weak,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    /// As the card has it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::LogsOut => "logs people out",
            Self::Forks => "forks the session",
            Self::TheftUnnoticed => "theft unnoticed",
            Self::OutlivesLogout => "outlives logout",
            Self::Weak => "weak",
            Self::Unknown => "not known",
        }
    }
}

/// One line of the card.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// A stable name.
    pub(super) experiment: &'static str,
    /// What was tried, in words.
    pub(super) title: String,
    /// At least one, each once, the gravest of its kind first.
    pub(super) verdicts: Vec<Verdict>,
    /// What happened, in words.
    pub(super) summary: String,
    /// What it means for the people who use it, a line each; none where all is well.
    pub(super) means: Vec<String>,
    /// The numbers, by stable names.
    pub(super) numbers: Map<String, Value>,
}

impl Finding {
    pub(super) fn new(experiment: &'static str, title: impl Into<String>) -> Self {
        Self {
            experiment,
            title: title.into(),
            verdicts: Vec::new(),
            summary: String::new(),
            means: Vec::new(),
            numbers: Map::new(),
        }
    }

    /// Adds a verdict, and what it means for people.
    pub(super) fn found(mut self, verdict: Verdict, means: impl Into<String>) -> Self {
        if !self.verdicts.contains(&verdict) {
            self.verdicts.push(verdict);
        }
        self.means.push(means.into());
        self
    }

    /// The same where `is`.
    pub(super) fn found_if(self, is: bool, verdict: Verdict, means: impl Into<String>) -> Self {
        if is { self.found(verdict, means) } else { self }
    }

    /// It could not be found out, because.
    pub(super) fn unknown(mut self, why: impl Into<String>) -> Self {
        self.verdicts = vec![Verdict::Unknown];
        self.means = Vec::new();
        self.summary = why.into();
        self
    }

    pub(super) fn number(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.numbers.insert(name.to_owned(), value.into());
        self
    }

    /// What happened. Where nothing was found, all is well.
    pub(super) fn summed_up(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        if self.verdicts.is_empty() {
            self.verdicts.push(Verdict::Ok);
        }
        self
    }

    pub(super) fn is_ok(&self) -> bool {
        self.verdicts == [Verdict::Ok]
    }
}
