//! A store that speaks S3, in this process, over a folder.

use std::net::SocketAddr;
use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Who may ask.
pub const KEY_ID: &str = "exam";

/// And how that is proven.
pub const SECRET: &str = "a secret of the store";

/// The one bucket.
pub const BUCKET: &str = "photos";

/// The store; it ends with this.
pub struct S3 {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl S3 {
    /// Serves `folder`, with one bucket in it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(folder: &Path) -> Self {
        // As the program does first of all; another test may have been quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(folder.join(BUCKET)).expect("the folder can be made");
        let files = s3s_fs::FileSystem::new(folder).expect("the folder can be served");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = Builder::new(TokioExecutor::new());
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, serving }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
