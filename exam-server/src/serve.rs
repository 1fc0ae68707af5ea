//! Listening, and stopping without leaving anybody in the middle of a word.

mod counted;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, info, warn};

use crate::config::{Config, Tls};
use counted::Counted;

/// How long a client may take to send the headers of a request, and how long an idle connection
/// is kept.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a TLS handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// How many connections one process holds: what the descriptors of a machine allow, less what the
/// database and the photos need.
const CONNECTIONS_MAX: usize = 19_500;

/// The backlog of connections that wait to be accepted: a joint start.
const BACKLOG: u32 = 4_096;

/// What the kernel may hold for a client that does not read; it takes twice as much. Left alone it
/// takes megabytes for each, which no limit of this process sees, and a deaf phone is found out
/// only when they are full. At 100 ms of distance it still carries a megabyte a second.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// Opens the listening socket.
///
/// # Errors
/// When the address is taken or not this machine's.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?; // Accepted connections inherit it.
    socket.bind(address).with_context(|| format!("{address} cannot be listened on"))?;
    Ok(socket.listen(BACKLOG)?)
}

/// Reads the certificate, if TLS ends here.
///
/// # Errors
/// When a file cannot be read, or certificate and key do not fit.
pub fn acceptor(config: &Config) -> anyhow::Result<Option<TlsAcceptor>> {
    let Some(Tls { cert, key }) = &config.tls else { return Ok(None) };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .with_context(|| format!("{} holds no certificate", cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("{} holds no private key", key.display()))?;
    let mut tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit")?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(tls))))
}

/// Serves until `stopping`, then lets requests in work finish. WebSockets are not counted here:
/// they see `stopping` themselves and say goodbye.
pub async fn run(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stopping: CancellationToken,
    connections: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    accept(listener, acceptor, router, stopping, connections, room).await;
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stopping: CancellationToken,
    connections: TaskTracker,
    room: Arc<Semaphore>,
) {
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors: those that end make room.
                warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            metrics::counter!("exam_connections_refused_total").increment(1);
            continue;
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        let stopping = stopping.clone();
        connections.spawn(async move {
            let stream = Counted::new(stream, place);
            if let Err(error) = serve_stream(stream, peer, acceptor, router, stopping).await {
                debug!(error = &*error as &dyn std::error::Error, "a connection ended badly");
            }
        });
    }
}

async fn serve_stream(
    stream: Counted,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    stream.set_nodelay()?;
    let Some(acceptor) = acceptor else {
        return serve_http(stream, peer, router, stopping).await;
    };
    let handshake = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream));
    serve_http(handshake.await??, peer, router, stopping).await
}

/// Serves HTTP on one stream to its end: a socket, what is left of a TLS connection, or a pipe.
///
/// # Errors
/// When the stream breaks, or what comes is no HTTP.
pub async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        served = connection.as_mut() => served?,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await?;
        }
    }
    Ok(())
}

/// Waits for a signal to stop.
///
/// # Errors
/// When signals cannot be heard.
pub async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => info!("asked to stop"),
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::extract::ws::WebSocketUpgrade;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn wait_for(room: &Semaphore, places: usize) {
        for _ in 0..1_000 {
            if room.available_permits() == places {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} places are free, not {places}", room.available_permits());
    }

    #[tokio::test]
    async fn an_upgraded_connection_keeps_its_place_until_it_ends() {
        let upgrade = async |upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async |mut socket| while let Some(Ok(_)) = socket.recv().await {})
        };
        let router = Router::new().route("/", get(upgrade));
        let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("it listens");
        let address = listener.local_addr().expect("it has one");
        let (room, stopping) = (Arc::new(Semaphore::new(1)), CancellationToken::new());
        let (places, stop, tasks) = (Arc::clone(&room), stopping.clone(), TaskTracker::new());
        tokio::spawn(accept(listener, None, router, stop, tasks, places));
        let mut phone = TcpStream::connect(address).await.expect("it accepts");
        let request = "GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        phone.write_all(request.as_bytes()).await.expect("it is sent");
        let mut reply = [0; 12];
        phone.read_exact(&mut reply).await.expect("it answers");
        assert_eq!(&reply, b"HTTP/1.1 101");
        tokio::time::sleep(Duration::from_millis(50)).await;
        wait_for(&room, 0).await;
        let mut late = TcpStream::connect(address).await.expect("the kernel accepts");
        assert_eq!(late.read(&mut reply).await.expect("it is closed"), 0, "there is no room");
        drop(phone);
        wait_for(&room, 1).await;
        stopping.cancel();
    }
}
