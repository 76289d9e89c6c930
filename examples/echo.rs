// An echo server, one client after the other.
//
//     walnut run -p 7007:7 echo.wasm
//     echo hello | nc -N localhost 7007
//
// Rust's standard library has no sockets under WASI; these are WasmEdge's functions, which
// Walnut provides too. A descriptor that is a socket works as a file.
use std::fs::File;
use std::io::{self, Write};
use std::os::wasi::io::FromRawFd;
use std::process::exit;

#[repr(C)]
struct Address {
    bytes: *mut u8,
    size: u32,
}

const INET: u32 = 1;
const STREAM: u32 = 2;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn sock_open(family: u32, kind: u32, fd: *mut u32) -> u32;
    fn sock_bind(fd: u32, address: *const Address, port: u32) -> u32;
    fn sock_listen(fd: u32, backlog: u32) -> u32;
    fn sock_accept_v2(fd: u32, flags: u32, client: *mut u32) -> u32;
    fn sock_getlocaladdr_v2(fd: u32, address: *const Address, port: *mut u32) -> u32;
}

fn check(error: u32) -> io::Result<()> {
    match error {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number as i32)),
    }
}

/// A listener at all addresses, and its port.
fn listen(mut port: u32) -> io::Result<(u32, u32)> {
    let mut bytes = [0u8; 4];
    let mut name = [0u8; 128];
    let everywhere = Address { bytes: bytes.as_mut_ptr(), size: 4 };
    let local = Address { bytes: name.as_mut_ptr(), size: 128 };
    let mut fd = 0;

    check(unsafe { sock_open(INET, STREAM, &mut fd) })?;
    check(unsafe { sock_bind(fd, &everywhere, port) })?;
    check(unsafe { sock_listen(fd, 128) })?;
    check(unsafe { sock_getlocaladdr_v2(fd, &local, &mut port) })?;
    Ok((fd, port))
}

fn accept(listener: u32) -> io::Result<File> {
    let mut fd = 0;

    check(unsafe { sock_accept_v2(listener, 0, &mut fd) })?;
    Ok(unsafe { File::from_raw_fd(fd as i32) })
}

fn serve(port: u32) -> io::Result<()> {
    let (listener, port) = listen(port)?;

    println!("listening on {}", port);
    io::stdout().flush()?;
    loop {
        let client = accept(listener)?;

        // A client that breaks off is its own affair.
        if let Err(error) = io::copy(&mut &client, &mut &client) {
            eprintln!("echo: {}", error);
        }
    }
}

fn main() {
    let port = std::env::args().nth(1).map_or(Ok(7), |text| text.parse());

    match port.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput)).and_then(serve) {
        Ok(()) => (),
        Err(error) => {
            eprintln!("echo: {}", error);
            exit(1);
        }
    }
}
