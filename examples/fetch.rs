// Gets a page by HTTP/1.0 and prints it, head and all.
//
//     walnut run --allow-net all fetch.wasm example.com 80 /
//
// Rust's standard library has no sockets under WASI; these are WasmEdge's functions, which
// Walnut provides too. A descriptor that is a socket works as a file.
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::wasi::io::FromRawFd;
use std::process::exit;
use std::ptr;

#[repr(C)]
struct Address {
    bytes: *const u8,
    size: u32,
}

#[repr(C)]
struct NameData {
    family: u8,
    size: u32,
    data: *mut u8,
}

#[repr(C)]
struct Name {
    flags: u16,
    family: u8,
    kind: u8,
    protocol: u8,
    address_size: u32,
    address: *mut NameData,
    canonical: *mut u8,
    canonical_size: u32,
    next: *mut Name,
}

const INET: u8 = 1;
const STREAM: u8 = 2;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn sock_open(family: u32, kind: u32, fd: *mut u32) -> u32;
    fn sock_connect(fd: u32, address: *const Address, port: u32) -> u32;
    fn sock_getaddrinfo(
        node: *const u8,
        node_size: u32,
        service: *const u8,
        service_size: u32,
        hints: *const Name,
        list: *mut *mut Name,
        max: u32,
        count: *mut u32,
    ) -> u32;
}

fn check(error: u32) -> io::Result<()> {
    match error {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number as i32)),
    }
}

fn name(address: *mut NameData) -> Name {
    Name {
        flags: 0,
        family: INET,
        kind: STREAM,
        protocol: 0,
        address_size: 0,
        address,
        canonical: ptr::null_mut(),
        canonical_size: 0,
        next: ptr::null_mut(),
    }
}

/// The IPv4 address of a host, and the port in the service's text.
fn resolve(host: &str, service: &str) -> io::Result<([u8; 4], u32)> {
    let mut bytes = [0u8; 26];
    let mut data = NameData { family: 0, size: 26, data: bytes.as_mut_ptr() };
    let mut found = name(&mut data);
    let hints = name(ptr::null_mut());
    let mut list: *mut Name = &mut found;
    let mut count = 0;

    check(unsafe {
        sock_getaddrinfo(
            host.as_ptr(),
            host.len() as u32,
            service.as_ptr(),
            service.len() as u32,
            &hints,
            &mut list,
            1,
            &mut count,
        )
    })?;
    if count == 0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no address"));
    }
    let bytes = unsafe { std::slice::from_raw_parts(data.data, 6) };
    let port = u32::from(bytes[0]) << 8 | u32::from(bytes[1]);
    Ok(([bytes[2], bytes[3], bytes[4], bytes[5]], port))
}

fn connect(address: [u8; 4], port: u32) -> io::Result<File> {
    let mut fd = 0;
    let to = Address { bytes: address.as_ptr(), size: 4 };

    check(unsafe { sock_open(u32::from(INET), u32::from(STREAM), &mut fd) })?;
    let file = unsafe { File::from_raw_fd(fd as i32) };
    check(unsafe { sock_connect(fd, &to, port) })?;
    Ok(file)
}

fn fetch(host: &str, service: &str, path: &str) -> io::Result<()> {
    let (address, port) = resolve(host, service)?;
    let mut connection = connect(address, port)?;
    let mut answer = Vec::new();

    write!(connection, "GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", path, host)?;
    connection.read_to_end(&mut answer)?;
    io::stdout().write_all(&answer)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();

    if words.len() != 4 {
        eprintln!("usage: fetch HOST PORT PATH");
        exit(2);
    }
    if let Err(error) = fetch(&words[1], &words[2], &words[3]) {
        eprintln!("fetch: {}: {}", words[1], error);
        exit(1);
    }
}
