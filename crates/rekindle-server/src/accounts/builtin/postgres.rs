//! The accounts' table in the session store's PostgreSQL database.

use async_trait::async_trait;
use rekindle::core::Timestamp;
use rekindle::store::StoreError;
use rekindle::store::postgres::beside::Parameter::{Boolean, Moment, Number, Text};
use rekindle::store::postgres::beside::{Beside, Fields, Parameter};

use super::keeping::{Edit, Keeping, Row};
use crate::accounts::{AccountsError, Claims};

pub(super) struct Table(pub(super) Beside);

const COLUMNS: &str = "subject, username, password, credential_version, claims, disabled, created_at";

impl Table {
    async fn one(&self, rest: &str, key: &str) -> Result<Option<Row>, AccountsError> {
        self.0.find(COLUMNS, rest, &[Text(key)]).await?.into_iter().next().map(read).transpose()
    }

    /// Inserts, or does `otherwise`; [`AccountsError::Exists`] where that is nothing.
    async fn write(&self, otherwise: &str, row: Row) -> Result<(), AccountsError> {
        let sql = format!(
            "INSERT INTO rekindle.accounts (subject, username, password, credential_version, claims, disabled, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) {otherwise} RETURNING 1"
        );
        let parameters = [
            Text(&row.subject),
            Text(&row.username),
            Text(&row.password),
            Number(row.credential_version),
            Text(row.claims.as_str()),
            Boolean(row.disabled),
            Moment(Timestamp::from_unix(row.created_at)),
        ];
        if self.0.change(&sql, &parameters).await?.is_empty() { Err(AccountsError::Exists) } else { Ok(()) }
    }

    /// Runs a statement on the account of the name that is its first parameter, and answers its subject.
    async fn edit(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<String, AccountsError> {
        let sql = format!("{statement} WHERE lower(username) = lower($1 COLLATE \"C\") RETURNING subject");
        match self.0.change(&sql, parameters).await?.first_mut() {
            Some(account) => Ok(account.text()?),
            None => Err(AccountsError::Unknown),
        }
    }
}

#[async_trait]
impl Keeping for Table {
    async fn by_username(&self, username: &str) -> Result<Option<Row>, AccountsError> {
        self.one("FROM rekindle.accounts WHERE lower(username) = lower($1 COLLATE \"C\")", username).await
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Row>, AccountsError> {
        self.one("FROM rekindle.accounts WHERE subject = $1", subject).await
    }

    async fn all(&self) -> Result<Vec<Row>, AccountsError> {
        let found = self.0.find(COLUMNS, "FROM rekindle.accounts", &[]).await?;
        let mut rows: Vec<Row> = found.into_iter().map(read).collect::<Result<_, _>>()?;
        rows.sort_by_cached_key(|row| row.username.to_ascii_lowercase());
        Ok(rows)
    }

    async fn insert(&self, row: Row) -> Result<(), AccountsError> {
        self.write("ON CONFLICT (lower(username)) DO NOTHING", row).await
    }

    async fn put(&self, row: Row) -> Result<(), AccountsError> {
        if self.by_username(&row.username).await?.is_some_and(|other| other.subject != row.subject) {
            return Err(AccountsError::Exists);
        }
        let replace = "ON CONFLICT (subject) DO UPDATE SET username = excluded.username, password = excluded.password, \
             credential_version = excluded.credential_version, claims = excluded.claims, disabled = excluded.disabled";
        self.write(replace, row).await
    }

    async fn update(&self, username: &str, edit: Edit) -> Result<String, AccountsError> {
        let name = Text(username);
        match edit {
            Edit::Password(hash) => {
                let update = "UPDATE rekindle.accounts SET password = $2, \
                     credential_version = credential_version + 1";
                self.edit(update, &[name, Text(&hash)]).await
            }
            Edit::Disabled(disabled) => {
                self.edit("UPDATE rekindle.accounts SET disabled = $2", &[name, Boolean(disabled)]).await
            }
            Edit::Claims(claims) => {
                self.edit("UPDATE rekindle.accounts SET claims = $2", &[name, Text(claims.as_str())]).await
            }
            Edit::Remove => self.edit("DELETE FROM rekindle.accounts", &[name]).await,
        }
    }

    async fn change_password(&self, subject: &str, old: &str, new: String) -> Result<bool, AccountsError> {
        let update = "UPDATE rekindle.accounts SET password = $3, credential_version = credential_version + 1 \
             WHERE subject = $1 AND password = $2 AND NOT disabled RETURNING 1";
        Ok(!self.0.change(update, &[Text(subject), Text(old), Text(&new)]).await?.is_empty())
    }

    async fn replace_hash(&self, subject: &str, old: &str, new: String) -> Result<(), AccountsError> {
        let update = "UPDATE rekindle.accounts SET password = $3 WHERE subject = $1 AND password = $2";
        Ok(self.0.change(update, &[Text(subject), Text(old), Text(&new)]).await.map(drop)?)
    }
}

fn read(mut fields: Fields) -> Result<Row, AccountsError> {
    Ok(Row {
        subject: fields.text()?,
        username: fields.text()?,
        password: fields.text()?,
        credential_version: fields.number()?,
        claims: Claims::parse(&fields.text()?).map_err(AccountsError::unavailable)?,
        disabled: fields.boolean()?,
        created_at: fields.moment()?.as_unix(),
    })
}

impl From<StoreError> for AccountsError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}
