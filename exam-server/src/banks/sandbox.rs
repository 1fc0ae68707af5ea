//! A process that reads a stranger's file can do nothing else: no files, no network, no programs.

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// What a thread that only computes needs: memory, its three open files, waiting, ending.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Shuts this thread in, and every thread that it starts: any other call of the system fails with
/// "not permitted". There is no way back.
///
/// # Errors
/// When the kernel has no such filters, or the machine is of a kind that is not known.
pub fn shut_in() -> Result<(), seccompiler::Error> {
    let rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into().map_err(seccompiler::Error::Backend)?;
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, refused, SeccompAction::Allow, arch)
        .map_err(seccompiler::Error::Backend)?;
    let program: BpfProgram = filter.try_into().map_err(seccompiler::Error::Backend)?;
    apply_filter(&program)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::process::Command;

    use super::shut_in;

    #[test]
    fn a_reader_reaches_no_file_no_network_and_no_program() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        TcpStream::connect(address).expect("outside it works");
        let inside = std::thread::spawn(move || {
            shut_in().expect("the kernel can");
            let tried = [
                TcpStream::connect(address).map(drop),
                UdpSocket::bind("127.0.0.1:0").map(drop),
                std::fs::File::open("/etc/passwd").map(drop),
                std::fs::write("/tmp/never", "x"),
                Command::new("/bin/true").status().map(drop),
            ];
            let big: Vec<u64> = (0..1_000_000).collect();
            (tried.map(|tried| tried.expect_err("refused").kind()), big.len())
        });
        let (kinds, length) = inside.join().expect("it ends");
        assert_eq!(kinds, [ErrorKind::PermissionDenied; 5]);
        assert_eq!(length, 1_000_000);
    }
}
