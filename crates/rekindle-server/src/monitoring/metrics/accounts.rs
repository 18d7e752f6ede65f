//! Accounts that are measured.

use std::sync::Arc;

use async_trait::async_trait;
use metrics::{Counter, Histogram};
use tokio::time::Instant;

use super::family::{ACCOUNTS_DURATION, ACCOUNTS_ERRORS};
use super::{Held, Metrics};
use crate::accounts::{Account, Accounts, AccountsError, Change, Claims, Password, State, Update, Verdict};

struct Operation {
    duration: Histogram,
    overloaded: Counter,
    unavailable: Counter,
}

impl Operation {
    fn new(metrics: &Metrics, name: &'static str) -> Self {
        let recorder = &metrics.0.recorder;
        Self {
            duration: ACCOUNTS_DURATION.histogram(recorder, &[name]),
            overloaded: ACCOUNTS_ERRORS.counter(recorder, &[name, "overloaded"]),
            unavailable: ACCOUNTS_ERRORS.counter(recorder, &[name, "unavailable"]),
        }
    }

    async fn measure<T>(
        &self,
        work: impl Future<Output = Result<T, AccountsError>> + Send,
    ) -> Result<T, AccountsError> {
        let began = Instant::now();
        let answer = work.await;
        self.duration.record(began.elapsed());
        match &answer {
            Err(AccountsError::Overloaded) => self.overloaded.increment(1),
            Err(AccountsError::Unavailable(_) | AccountsError::Misconfigured(_)) => {
                self.unavailable.increment(1)
            }
            _ => {}
        }
        answer
    }
}

/// Passes everything on to other accounts, and measures it.
pub(crate) struct MeasuredAccounts {
    inner: Arc<dyn Accounts>,
    metrics: Metrics,
    verify: Operation,
    state: Operation,
    change_password: Operation,
}

impl MeasuredAccounts {
    pub(crate) fn over(inner: Arc<dyn Accounts>, metrics: &Metrics) -> Arc<Self> {
        let operation = |name| Operation::new(metrics, name);
        Arc::new(Self {
            inner,
            metrics: metrics.clone(),
            verify: operation("verify"),
            state: operation("state"),
            change_password: operation("change_password"),
        })
    }
}

#[async_trait]
impl Accounts for MeasuredAccounts {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        let _in_flight = Held::new(&self.metrics.0.passwords);
        self.verify.measure(self.inner.verify(username, password)).await
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        self.state.measure(self.inner.state(subject)).await
    }

    async fn look(&self) -> Result<(), AccountsError> {
        self.inner.look().await
    }

    async fn change_password(
        &self,
        subject: &str,
        old: Password,
        new: Password,
    ) -> Result<Change, AccountsError> {
        let _in_flight = Held::new(&self.metrics.0.passwords);
        self.change_password.measure(self.inner.change_password(subject, old, new)).await
    }

    async fn add(&self, username: &str, password: Password, claims: Claims) -> Result<String, AccountsError> {
        self.inner.add(username, password, claims).await
    }

    async fn update(&self, username: &str, update: Update) -> Result<String, AccountsError> {
        self.inner.update(username, update).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        self.inner.list().await
    }
}
