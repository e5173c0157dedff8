//! Which crates, and with what of them compiled.

pub(crate) struct Crate {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// As for `cargo check --no-default-features --features`: what is compiled without a C library.
    features: &'static str,
}

impl Crate {
    /// Those with `default` in their table name it here: no crate gets it unasked.
    pub(crate) fn features(&self) -> impl Iterator<Item = &'static str> {
        self.features.split_whitespace()
    }
}

const fn of(name: &'static str, version: &'static str, features: &'static str) -> Crate {
    Crate {
        name,
        version,
        features,
    }
}

#[rustfmt::skip]
pub(crate) const CRATES: &[Crate] = &[
    of("axum", "0.8.9", "default http2 macros multipart ws"),
    of("hyper", "1.12.0", "full"),
    of("h2", "0.4.20", "stream unstable"),
    of("reqwest", "0.13.5", "blocking charset cookies form gzip hickory-dns http2 json multipart query socks stream system-proxy"),
    of("redis", "1.8.1", "default tokio-comp connection-manager cluster-async cache-aio sentinel json token-based-authentication"),
    of("sqlx-core", "0.9.0", "_rt-tokio any json migrate offline"),
    of("tonic", "0.14.9", "default gzip"),
    of("lapin", "4.12.3", "default-runtime"),
    of("async-nats", "0.51.0", "default"),
    of("deadpool", "0.13.1", "default rt_tokio_1"),
    of("tower-http", "0.7.1", "full"),
    of("aws-smithy-runtime", "1.16.2", "client rt-tokio http-auth"),
    of("hyper-util", "0.1.21", "full"),
    of("tokio-tungstenite", "0.30.0", "default"),
    of("rumqttc", "0.25.1", "url"),
    of("quinn", "0.11.12", "log runtime-tokio rustls-ring bloom"),
];
