// wasi_calls FUNCTION: asks one function of WASI preview 1, declared here as the module imports it,
// and prints a line for each answer that is not the specification's, and how many there were.

use std::ptr::null_mut;

#[repr(C)]
struct Iovec(*mut u8, usize);

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Filestat { device: u64, inode: u64, kind: u8, links: u64, size: u64, atim: u64, mtim: u64, ctim: u64 }

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Fdstat { kind: u8, flags: u16, base: u64, inheriting: u64 }

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Subscription { user: u64, tag: u8, pad: u32, id: u32, timeout: u64, precision: u64, flags: u16 }

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Event { user: u64, error: u16, kind: u8, bytes: u64, flags: u16 }

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn args_get(pointers: *mut *mut u8, text: *mut u8) -> u32;
    fn args_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn environ_get(pointers: *mut *mut u8, text: *mut u8) -> u32;
    fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn clock_res_get(clock: u32, time: *mut u64) -> u32;
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    fn fd_advise(fd: u32, offset: u64, size: u64, advice: u32) -> u32;
    fn fd_allocate(fd: u32, offset: u64, size: u64) -> u32;
    fn fd_close(fd: u32) -> u32;
    fn fd_datasync(fd: u32) -> u32;
    fn fd_fdstat_get(fd: u32, stat: *mut Fdstat) -> u32;
    fn fd_fdstat_set_flags(fd: u32, flags: u32) -> u32;
    fn fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) -> u32;
    fn fd_filestat_get(fd: u32, stat: *mut Filestat) -> u32;
    fn fd_filestat_set_size(fd: u32, size: u64) -> u32;
    fn fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32) -> u32;
    fn fd_pread(fd: u32, iovecs: *const Iovec, count: usize, offset: u64, size: *mut usize) -> u32;
    fn fd_prestat_get(fd: u32, prestat: *mut [u32; 2]) -> u32;
    fn fd_prestat_dir_name(fd: u32, path: *mut u8, size: usize) -> u32;
    fn fd_pwrite(fd: u32, iovecs: *const Iovec, count: usize, offset: u64, size: *mut usize) -> u32;
    fn fd_read(fd: u32, iovecs: *const Iovec, count: usize, size: *mut usize) -> u32;
    fn fd_readdir(fd: u32, buffer: *mut u8, room: usize, cookie: u64, used: *mut usize) -> u32;
    fn fd_renumber(from: u32, to: u32) -> u32;
    fn fd_seek(fd: u32, offset: i64, whence: u32, position: *mut u64) -> u32;
    fn fd_sync(fd: u32) -> u32;
    fn fd_tell(fd: u32, position: *mut u64) -> u32;
    fn fd_write(fd: u32, iovecs: *const Iovec, count: usize, size: *mut usize) -> u32;
    fn path_create_directory(fd: u32, path: *const u8, size: usize) -> u32;
    fn path_filestat_get(fd: u32, lookup: u32, path: *const u8, size: usize, stat: *mut Filestat) -> u32;
    fn path_filestat_set_times(fd: u32, lookup: u32, path: *const u8, size: usize, atim: u64, mtim: u64, flags: u32) -> u32;
    fn path_link(fd: u32, lookup: u32, path: *const u8, size: usize, to: u32, new: *const u8, new_size: usize) -> u32;
    fn path_open(fd: u32, lookup: u32, path: *const u8, size: usize, oflags: u32, base: u64, inheriting: u64, flags: u32,
                 opened: *mut u32) -> u32;
    fn path_readlink(fd: u32, path: *const u8, size: usize, buffer: *mut u8, room: usize, used: *mut usize) -> u32;
    fn path_remove_directory(fd: u32, path: *const u8, size: usize) -> u32;
    fn path_rename(fd: u32, path: *const u8, size: usize, to: u32, new: *const u8, new_size: usize) -> u32;
    fn path_symlink(target: *const u8, target_size: usize, fd: u32, path: *const u8, size: usize) -> u32;
    fn path_unlink_file(fd: u32, path: *const u8, size: usize) -> u32;
    fn poll_oneoff(subscriptions: *const Subscription, events: *mut Event, count: usize, happened: *mut usize) -> u32;
    fn proc_exit(status: u32) -> !;
    fn proc_raise(signal: u32) -> u32;
    fn random_get(buffer: *mut u8, size: usize) -> u32;
    fn sched_yield() -> u32;
    fn sock_accept(fd: u32, flags: u32, accepted: *mut u32) -> u32;
    fn sock_recv(fd: u32, iovecs: *const Iovec, count: usize, flags: u32, size: *mut usize, out: *mut u16) -> u32;
    fn sock_send(fd: u32, iovecs: *const Iovec, count: usize, flags: u32, size: *mut usize) -> u32;
    fn sock_shutdown(fd: u32, how: u32) -> u32;
}

const OK: u32 = 0;
const BADF: u32 = 8;
const EXIST: u32 = 20;
const FAULT: u32 = 21;
const INVAL: u32 = 28;
const ISDIR: u32 = 31;
const NAMETOOLONG: u32 = 37;
const NOENT: u32 = 44;
const NOTDIR: u32 = 54;
const NOTEMPTY: u32 = 55;
const NOTSOCK: u32 = 57;
const PERM: u32 = 63;
const NOTCAPABLE: u32 = 76;

const ROOT: u32 = 3;
const CLOSED: u32 = 77;
const RIGHTS: u64 = 0xfffffff;
const NOWHERE: usize = 0xfffffff0;

static mut CHECKS: u32 = 0;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) {
    unsafe { CHECKS += 1 };
    if got != want {
        println!("{}: {:?}, not {:?}", what, got, want);
    }
}

macro_rules! ask {
    ($call:expr => $want:expr) => { same(stringify!($call), $call, $want) };
}

macro_rules! path {
    ($call:ident($($before:expr),*; $path:expr; $($after:expr),*)) => {
        $call($($before,)* $path.as_ptr(), $path.len() $(, $after)*)
    };
}

unsafe fn make(name: &str, content: &str) -> u32 {
    let (mut fd, mut size) = (0, 0);

    same("open", path!(path_open(ROOT, 1; name; 1 | 8, RIGHTS, RIGHTS, 0, &mut fd)), OK);
    same("write", fd_write(fd, &Iovec(content.as_ptr() as *mut u8, content.len()), 1, &mut size), OK);
    same("seek", fd_seek(fd, 0, 0, &mut 0), OK);
    fd
}

unsafe fn status(name: &str) -> Filestat {
    let mut stat = Filestat::default();

    same(name, path!(path_filestat_get(ROOT, 0; name; &mut stat)), OK);
    stat
}

unsafe fn run(function: &str) {
    let (mut size, mut number, mut other, mut buffer) = (0usize, 0u64, 0usize, [0u8; 2000]);
    let bad = NOWHERE as *mut u8;
    let into = Iovec(buffer.as_mut_ptr(), 4);
    let nowhere = Iovec(bad, 100);

    match function {
        "args_sizes_get" => {
            ask!(args_sizes_get(&mut size, &mut other) => OK);
            same("arguments", size, 3);
            ask!(args_sizes_get(bad.cast(), &mut other) => FAULT);
        }
        "args_get" => {
            let mut pointers = [null_mut(); 8];

            ask!(args_get(pointers.as_mut_ptr(), buffer.as_mut_ptr()) => OK);
            same("the second", std::slice::from_raw_parts(pointers[1], 9), b"args_get\0");
            ask!(args_get(pointers.as_mut_ptr(), bad) => FAULT);
        }
        "environ_sizes_get" => {
            ask!(environ_sizes_get(&mut size, &mut other) => OK);
            same("variables", (size, other), (2, 7));
            ask!(environ_sizes_get(&mut size, bad.cast()) => FAULT);
        }
        "environ_get" => {
            let mut pointers = [null_mut(); 8];

            ask!(environ_get(pointers.as_mut_ptr(), buffer.as_mut_ptr()) => OK);
            same("the first", std::slice::from_raw_parts(pointers[0], 4), b"A=1\0");
            ask!(environ_get(bad.cast(), buffer.as_mut_ptr()) => FAULT);
        }
        "clock_res_get" => {
            ask!(clock_res_get(1, &mut number) => OK);
            same("a resolution", number > 0, true);
            ask!(clock_res_get(4, &mut number) => INVAL);
        }
        "clock_time_get" => {
            let mut later = 0;

            ask!(clock_time_get(1, 0, &mut number) => OK);
            ask!(clock_time_get(1, 0, &mut later) => OK);
            same("it goes on", later >= number, true);
            ask!(clock_time_get(9, 0, &mut number) => INVAL);
            ask!(clock_time_get(0, 0, bad.cast()) => FAULT);
        }
        "fd_advise" => {
            let fd = make("f", "text");

            ask!(fd_advise(fd, 0, 4, 5) => OK);
            ask!(fd_advise(fd, 0, 4, 6) => INVAL);
            ask!(fd_advise(CLOSED, 0, 4, 0) => BADF);
        }
        "fd_allocate" => {
            let fd = make("f", "text");

            ask!(fd_allocate(fd, 0, 100) => OK);
            same("size", status("f").size, 100);
            ask!(fd_allocate(fd, 0, 0) => INVAL);
            ask!(fd_allocate(CLOSED, 0, 1) => BADF);
        }
        "fd_close" => {
            let fd = make("f", "");

            ask!(fd_close(fd) => OK);
            ask!(fd_close(fd) => BADF);
        }
        "fd_datasync" => {
            let fd = make("f", "text");

            ask!(fd_datasync(fd) => OK);
            ask!(fd_datasync(CLOSED) => BADF);
        }
        "fd_sync" => {
            let fd = make("f", "text");

            ask!(fd_sync(fd) => OK);
            ask!(fd_sync(CLOSED) => BADF);
        }
        "fd_fdstat_get" => {
            let mut stat = Fdstat::default();

            ask!(fd_fdstat_get(ROOT, &mut stat) => OK);
            same("a directory", stat.kind, 3);
            ask!(fd_fdstat_get(make("f", ""), &mut stat) => OK);
            same("a file", (stat.kind, stat.flags), (4, 0));
            ask!(fd_fdstat_get(CLOSED, &mut stat) => BADF);
            ask!(fd_fdstat_get(ROOT, bad.cast()) => FAULT);
        }
        "fd_fdstat_set_flags" => {
            let fd = make("f", "text");

            ask!(fd_fdstat_set_flags(fd, 1) => OK);
            ask!(fd_write(fd, &into, 1, &mut size) => OK);
            same("appended", status("f").size, 8);
            ask!(fd_fdstat_set_flags(fd, 32) => INVAL);
            ask!(fd_fdstat_set_flags(CLOSED, 0) => BADF);
        }
        "fd_fdstat_set_rights" => {
            let fd = make("f", "text");

            ask!(fd_fdstat_set_rights(fd, 2, 0) => OK);
            ask!(fd_fdstat_set_rights(fd, RIGHTS, 0) => NOTCAPABLE);
            ask!(fd_read(fd, &into, 1, &mut size) => OK);
            ask!(fd_write(fd, &into, 1, &mut size) => BADF);
            ask!(fd_fdstat_set_rights(CLOSED, 0, 0) => BADF);
        }
        "fd_filestat_get" => {
            let mut stat = Filestat::default();

            ask!(fd_filestat_get(make("f", "text"), &mut stat) => OK);
            same("file", (stat.kind, stat.size, stat.links), (4, 4, 1));
            ask!(fd_filestat_get(CLOSED, &mut stat) => BADF);
            ask!(fd_filestat_get(ROOT, bad.cast()) => FAULT);
        }
        "fd_filestat_set_size" => {
            let fd = make("f", "text");

            ask!(fd_filestat_set_size(fd, 1000) => OK);
            same("size", status("f").size, 1000);
            ask!(fd_filestat_set_size(fd, 1 << 63) => INVAL);
            ask!(fd_filestat_set_size(CLOSED, 0) => BADF);
        }
        "fd_filestat_set_times" => {
            let fd = make("f", "text");

            ask!(fd_filestat_set_times(fd, 1_000_000_001, 2_000_000_002, 5) => OK);
            same("times", (status("f").atim, status("f").mtim), (1_000_000_001, 2_000_000_002));
            ask!(fd_filestat_set_times(fd, 0, 0, 3) => INVAL);
            ask!(fd_filestat_set_times(CLOSED, 0, 0, 2) => BADF);
        }
        "fd_pread" => {
            let fd = make("f", "0123456789");

            ask!(fd_pread(fd, &into, 1, 8, &mut size) => OK);
            same("the end", (size, &buffer[..2]), (2, &b"89"[..]));
            ask!(fd_pread(fd, &nowhere, 1, 0, &mut size) => FAULT);
            ask!(fd_pread(fd, &into, 1, 1 << 63, &mut size) => INVAL);
            ask!(fd_pread(CLOSED, &into, 1, 0, &mut size) => BADF);
        }
        "fd_pwrite" => {
            let fd = make("f", "0123456789");

            ask!(fd_pwrite(fd, &into, 1, 8, &mut size) => OK);
            same("longer", (size, status("f").size), (4, 12));
            ask!(fd_pwrite(fd, &nowhere, 1, 0, &mut size) => FAULT);
            ask!(fd_pwrite(CLOSED, &into, 1, 0, &mut size) => BADF);
        }
        "fd_prestat_get" => {
            let mut prestat = [9; 2];

            ask!(fd_prestat_get(ROOT, &mut prestat) => OK);
            same("a name of one byte", (prestat[0] & 0xff, prestat[1]), (0, 1));
            ask!(fd_prestat_get(ROOT + 1, &mut prestat) => BADF);
        }
        "fd_prestat_dir_name" => {
            ask!(fd_prestat_dir_name(ROOT, buffer.as_mut_ptr(), 1) => OK);
            same("name", buffer[0], b'.');
            ask!(fd_prestat_dir_name(ROOT, buffer.as_mut_ptr(), 0) => NAMETOOLONG);
            ask!(fd_prestat_dir_name(CLOSED, buffer.as_mut_ptr(), 1) => BADF);
        }
        "fd_read" => {
            let fd = make("f", "012345");

            ask!(fd_read(fd, &into, 1, &mut size) => OK);
            same("the beginning", (size, &buffer[..4]), (4, &b"0123"[..]));
            ask!(fd_read(fd, &nowhere, 1, &mut size) => FAULT);
            ask!(fd_read(CLOSED, &into, 1, &mut size) => BADF);
            ask!(fd_read(ROOT, &into, 1, &mut size) => ISDIR);
        }
        "fd_readdir" => {
            let file = make("some name", "");

            ask!(fd_readdir(ROOT, buffer.as_mut_ptr(), 2000, 0, &mut size) => OK);
            same("it is in the list", buffer[..size].windows(9).any(|part| part == b"some name"), true);
            ask!(fd_readdir(file, buffer.as_mut_ptr(), 2000, 0, &mut size) => NOTDIR);
            ask!(fd_readdir(ROOT, bad, 2000, 0, &mut size) => FAULT);
            ask!(fd_readdir(CLOSED, buffer.as_mut_ptr(), 2000, 0, &mut size) => BADF);
        }
        "fd_renumber" => {
            let (one, two) = (make("one", ""), make("two", ""));

            ask!(fd_renumber(one, two) => OK);
            ask!(fd_tell(one, &mut number) => BADF);
            ask!(fd_tell(two, &mut number) => OK);
            ask!(fd_renumber(CLOSED, two) => BADF);
        }
        "fd_seek" => {
            let fd = make("f", "0123456789");

            ask!(fd_seek(fd, -3, 2, &mut number) => OK);
            same("position", number, 7);
            ask!(fd_seek(fd, -8, 1, &mut number) => INVAL);
            ask!(fd_seek(fd, 0, 7, &mut number) => INVAL);
            ask!(fd_seek(CLOSED, 0, 0, &mut number) => BADF);
        }
        "fd_tell" => {
            ask!(fd_tell(make("f", "text"), &mut number) => OK);
            same("position", number, 0);
            ask!(fd_tell(CLOSED, &mut number) => BADF);
        }
        "fd_write" => {
            let fd = make("f", "");

            ask!(fd_write(fd, &into, 1, &mut size) => OK);
            same("bytes", (size, status("f").size), (4, 4));
            ask!(fd_write(fd, &nowhere, 1, &mut size) => FAULT);
            ask!(fd_write(CLOSED, &into, 1, &mut size) => BADF);
        }
        "path_create_directory" => {
            ask!(path!(path_create_directory(ROOT; "d";)) => OK);
            ask!(path!(path_create_directory(ROOT; "d";)) => EXIST);
            ask!(path!(path_create_directory(ROOT; "x/d";)) => NOENT);
            ask!(path!(path_create_directory(ROOT; "../d";)) => NOTCAPABLE);
            ask!(path!(path_create_directory(CLOSED; "e";)) => BADF);
        }
        "path_filestat_get" => {
            make("f", "text");
            same("size", status("f").size, 4);
            ask!(path!(path_filestat_get(ROOT, 0; "none"; &mut Filestat::default())) => NOENT);
            ask!(path!(path_filestat_get(ROOT, 0; "f/x"; &mut Filestat::default())) => NOTDIR);
            ask!(path!(path_filestat_get(ROOT, 0; "f"; bad.cast())) => FAULT);
        }
        "path_filestat_set_times" => {
            make("f", "");
            ask!(path!(path_filestat_set_times(ROOT, 0; "f"; 0, 3_000_000_003, 4)) => OK);
            same("modified", status("f").mtim, 3_000_000_003);
            ask!(path!(path_filestat_set_times(ROOT, 0; "f"; 0, 0, 12)) => INVAL);
            ask!(path!(path_filestat_set_times(ROOT, 0; "none"; 0, 0, 8)) => NOENT);
        }
        "path_link" => {
            make("f", "");
            ask!(path!(path_create_directory(ROOT; "d";)) => OK);
            ask!(path!(path_link(ROOT, 0; "f"; ROOT, "g".as_ptr(), 1)) => OK);
            same("links", status("f").links, 2);
            ask!(path!(path_link(ROOT, 0; "f"; ROOT, "g".as_ptr(), 1)) => EXIST);
            ask!(path!(path_link(ROOT, 0; "d"; ROOT, "h".as_ptr(), 1)) => PERM);
            ask!(path!(path_link(ROOT, 0; "none"; ROOT, "h".as_ptr(), 1)) => NOENT);
        }
        "path_open" => {
            let mut fd = 0;

            make("f", "text");
            ask!(path!(path_open(ROOT, 0; "f"; 0, RIGHTS, 0, 0, &mut fd)) => OK);
            ask!(path!(path_open(ROOT, 0; "f"; 1 | 4, RIGHTS, 0, 0, &mut fd)) => EXIST);
            ask!(path!(path_open(ROOT, 0; "none"; 0, RIGHTS, 0, 0, &mut fd)) => NOENT);
            ask!(path!(path_open(ROOT, 0; "f"; 2, 0, 0, 0, &mut fd)) => NOTDIR);
            ask!(path!(path_open(ROOT, 0; "/f"; 0, RIGHTS, 0, 0, &mut fd)) => NOTCAPABLE);
            ask!(path!(path_open(ROOT, 0; "."; 0, RIGHTS, 0, 0, &mut fd)) => ISDIR);
            ask!(path!(path_open(ROOT, 0; "f"; 0, RIGHTS, 0, 0, bad.cast())) => FAULT);
        }
        "path_readlink" => {
            make("f", "");
            ask!(path!(path_symlink("f".as_ptr(), 1, ROOT; "link";)) => OK);
            ask!(path!(path_readlink(ROOT; "link"; buffer.as_mut_ptr(), 100, &mut size)) => OK);
            same("target", (size, buffer[0]), (1, b'f'));
            ask!(path!(path_readlink(ROOT; "f"; buffer.as_mut_ptr(), 100, &mut size)) => INVAL);
            ask!(path!(path_readlink(ROOT; "none"; buffer.as_mut_ptr(), 100, &mut size)) => NOENT);
        }
        "path_remove_directory" => {
            ask!(path!(path_create_directory(ROOT; "d";)) => OK);
            make("d/f", "");
            ask!(path!(path_remove_directory(ROOT; "d";)) => NOTEMPTY);
            ask!(path!(path_remove_directory(ROOT; "d/f";)) => NOTDIR);
            ask!(path!(path_unlink_file(ROOT; "d/f";)) => OK);
            ask!(path!(path_remove_directory(ROOT; "d";)) => OK);
            ask!(path!(path_remove_directory(ROOT; "d";)) => NOENT);
        }
        "path_rename" => {
            make("f", "text");
            ask!(path!(path_create_directory(ROOT; "d";)) => OK);
            ask!(path!(path_rename(ROOT; "f"; ROOT, "d/g".as_ptr(), 3)) => OK);
            same("size", status("d/g").size, 4);
            ask!(path!(path_rename(ROOT; "f"; ROOT, "g".as_ptr(), 1)) => NOENT);
            ask!(path!(path_rename(ROOT; "d"; ROOT, "d/x".as_ptr(), 3)) => INVAL);
        }
        "path_symlink" => {
            ask!(path!(path_symlink("f".as_ptr(), 1, ROOT; "link";)) => OK);
            same("a link", status("link").kind, 7);
            ask!(path!(path_symlink("f".as_ptr(), 1, ROOT; "link";)) => EXIST);
            ask!(path!(path_symlink("/f".as_ptr(), 2, ROOT; "other";)) => NOTCAPABLE);
        }
        "path_unlink_file" => {
            make("f", "");
            ask!(path!(path_create_directory(ROOT; "d";)) => OK);
            ask!(path!(path_unlink_file(ROOT; "f";)) => OK);
            ask!(path!(path_unlink_file(ROOT; "f";)) => NOENT);
            ask!(path!(path_unlink_file(ROOT; "d";)) => ISDIR);
            ask!(path!(path_unlink_file(ROOT; "../f";)) => NOTCAPABLE);
        }
        "poll_oneoff" => {
            let timer = Subscription { user: 5, tag: 0, id: 1, timeout: 1000, ..Default::default() };
            let mut event = Event::default();

            ask!(poll_oneoff(&timer, &mut event, 1, &mut size) => OK);
            same("the timer", (size, event.user, event.error, event.kind), (1, 5, 0, 0));
            ask!(poll_oneoff(&timer, &mut event, 0, &mut size) => INVAL);
            ask!(poll_oneoff(bad.cast(), &mut event, 1, &mut size) => FAULT);
        }
        "proc_exit" => {
            println!("1 checks");
            proc_exit(42);
        }
        "proc_raise" => {
            ask!(proc_raise(0) => OK);
            ask!(proc_raise(200) => INVAL);
        }
        "random_get" => {
            ask!(random_get(buffer.as_mut_ptr(), 2000) => OK);
            same("all sorts", buffer.iter().filter(|byte| **byte == 0).count() < 100, true);
            ask!(random_get(bad, 2000) => FAULT);
        }
        "sched_yield" => ask!(sched_yield() => OK),
        "sock_accept" => {
            ask!(sock_accept(CLOSED, 0, &mut 0) => BADF);
            ask!(sock_accept(make("f", ""), 0, &mut 0) => NOTSOCK);
        }
        "sock_recv" => {
            ask!(sock_recv(CLOSED, &into, 1, 0, &mut size, &mut 0) => BADF);
            ask!(sock_recv(make("f", ""), &into, 1, 0, &mut size, &mut 0) => NOTSOCK);
        }
        "sock_send" => {
            ask!(sock_send(CLOSED, &into, 1, 0, &mut size) => BADF);
            ask!(sock_send(make("f", ""), &into, 1, 0, &mut size) => NOTSOCK);
        }
        "sock_shutdown" => {
            ask!(sock_shutdown(CLOSED, 1) => BADF);
            ask!(sock_shutdown(make("f", ""), 1) => NOTSOCK);
        }
        _ => println!("{}: no such function", function),
    }
}

fn main() {
    unsafe {
        run(&std::env::args().nth(1).unwrap_or_default());
        println!("{} checks", CHECKS);
    }
}
