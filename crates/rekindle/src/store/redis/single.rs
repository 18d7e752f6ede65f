//! One Redis, or a primary among its replicas: one connection that many share, made anew when it breaks.

use std::sync::Arc;

use ::redis::aio::{ConnectionLike as _, MultiplexedConnection};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, TlsCertificates,
    Value, cmd,
};
use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::address::Address;
use super::link::{ANSWER, CONNECT, PAUSE};

pub(super) struct Single {
    hosts: Vec<Client>,
    current: ArcSwapOption<MultiplexedConnection>,
    /// When and why no connection could be made last.
    failure: Mutex<Option<(Instant, RedisError)>>,
}

impl Single {
    pub(super) fn new(address: &Address) -> Result<Self, RedisError> {
        let certificates = certificates(address)?;
        let client = |url: String| match &certificates {
            Some(certificates) => Client::build_with_tls(url, certificates.clone()),
            None => Client::open(url),
        };
        let hosts = address.urls().map(client).collect::<Result<_, _>>()?;
        Ok(Self { hosts, current: ArcSwapOption::empty(), failure: Mutex::new(None) })
    }

    /// Sends a command. Where the connection turns out to be broken, or to lead to a replica, it is sent once more over a new
    /// one.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, RedisError> {
        Ok(self.twice(Sent::One(command)).await?.pop().unwrap_or(Value::Nil))
    }

    pub(super) async fn ask_together(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        self.twice(Sent::Together(commands)).await
    }

    async fn twice(&self, sent: Sent<'_>) -> Result<Vec<Value>, RedisError> {
        let mut first = true;
        loop {
            let connection = self.connected().await?;
            let error = match sent.over(MultiplexedConnection::clone(&connection)).await {
                Ok(answers) => return Ok(answers),
                Err(error) => error,
            };
            let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
            if !(demoted || error.is_unrecoverable_error() || error.is_io_error()) {
                return Err(error);
            }
            self.forget(&connection);
            // Who has waited in vain for an answer has waited long enough.
            if !first || error.is_timeout() {
                return Err(error);
            }
            first = false;
        }
    }

    /// The connection there is, or a new one.
    pub(super) async fn connected(&self) -> Result<Arc<MultiplexedConnection>, RedisError> {
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        let mut failure = self.failure.lock().await;
        // Somebody else may have been here while this one waited.
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        if let Some((at, error)) = &*failure
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.connect().await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                self.current.store(Some(Arc::clone(&connection)));
                *failure = None;
                Ok(connection)
            }
            Err(error) => {
                *failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// To the first host that is a primary.
    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let mut why = RedisError::from((ErrorKind::InvalidClientConfig, "there is no host"));
        for host in &self.hosts {
            let connected = async {
                let mut connection = host.get_multiplexed_async_connection_with_config(&config).await?;
                let role = connection.req_packed_command(&cmd("ROLE")).await?.extract_error()?;
                match role.as_sequence().and_then(|role| role.first()) {
                    Some(Value::BulkString(role)) if role == b"master" => Ok(connection),
                    _ => Err(RedisError::from((ErrorKind::Io, "it is a replica, and no primary is known"))),
                }
            };
            match connected.await {
                Ok(connection) => return Ok(connection),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn forget(&self, broken: &Arc<MultiplexedConnection>) {
        let current = self.current.load();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, broken)) {
            self.current.compare_and_swap(&current, None);
        }
    }
}

/// What is sent at once.
enum Sent<'a> {
    One(&'a Cmd),
    Together(&'a Pipeline),
}

impl Sent<'_> {
    async fn over(&self, mut connection: MultiplexedConnection) -> Result<Vec<Value>, RedisError> {
        match self {
            Self::One(command) => Ok(vec![connection.req_packed_command(command).await?.extract_error()?]),
            Self::Together(commands) => connection.req_packed_commands(commands, 0, commands.len()).await,
        }
    }
}

/// Of a file's authorities instead of the system's.
pub(super) fn certificates(address: &Address) -> Result<Option<TlsCertificates>, RedisError> {
    if address.tls {
        // `redis` takes the process's cryptography, and there is none where an application has several to choose from and has
        // not chosen. One that has keeps its own.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let Some(file) = &address.authorities else { return Ok(None) };
    let root_cert = std::fs::read(file)?;
    Ok(Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) }))
}
