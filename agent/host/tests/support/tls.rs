//! TLS for tests: certificates of their own, and nginx.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::background::Background;

/// What a test says where a tool is not there.
pub(crate) const MISSING: &str =
    "missing: nginx, openssl and curl; on Debian, the packages nginx-light, openssl and curl";

/// Starts nginx with a folder of its own, and these servers.
pub(crate) fn nginx(folder: &Path, servers: &str) -> Background {
    let own = folder.display().to_string();
    let path = |name: &str| folder.join(name).display().to_string();
    let configuration = format!(
        "daemon off; pid {own}/pid; error_log {own}/errors; events {{}}
         http {{ access_log off; client_body_temp_path {own}/body; proxy_temp_path {own}/proxy;
         fastcgi_temp_path {own}/f; uwsgi_temp_path {own}/u; scgi_temp_path {own}/s;\n{servers}}}"
    );
    fs::write(path("nginx.conf"), configuration).expect("it is written");
    let mut nginx = Command::new("nginx");
    nginx.args(["-p", &own, "-c", &path("nginx.conf"), "-e", &path("errors")]);
    Background::start(&mut nginx, MISSING)
}

/// Makes a key and a certificate for `localhost`.
pub(crate) fn make_certificate(certificate: &str, key: &str) {
    assert!(Path::new(certificate).is_absolute());
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-days",
            "2",
        ])
        .args(["-keyout", key, "-out", certificate])
        .output()
        .expect(MISSING);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}
