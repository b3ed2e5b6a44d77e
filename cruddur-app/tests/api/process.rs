//! The program itself: what it says when it cannot start, and how it stops.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use crate::support::TempFolder;

fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-app"));
    command.env_clear().env("BIND_ADDRESS", "127.0.0.1").env("PORT", "0");
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

fn refused(settings: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = program(settings).output().expect("the program was built");
    assert!(!status.success());
    String::from_utf8(stderr).expect("messages are UTF-8")
}

#[test]
fn a_bad_setting_ends_the_program_with_its_name() {
    assert_eq!(
        refused(&[("PORT", "http")]),
        "cruddur cannot run: PORT is `http`, expected a port number from 0 to 65535\n"
    );
    assert_eq!(
        refused(&[("DATABASE_URL", "mysql://cruddur:s3cret@db/cruddur")]),
        "cruddur cannot run: DATABASE_URL is `…`, \
         expected postgres://user:password@host:port/database\n"
    );
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = TempFolder::new();
    let file = folder.0.join("file");
    std::fs::write(&file, "in the way").expect("it is our folder");
    let data_dir = file.join("data").display().to_string();
    let said = refused(&[("CRUDDUR_DATA_DIR", &data_dir)]);
    let expected = format!("cruddur cannot run: cannot make the data folder `{data_dir}`: ");
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn a_signal_ends_the_program_in_order_and_a_second_start_finds_its_rows() {
    let folder = TempFolder::new();
    let data_dir = folder.0.join("a folder%20with?odd#signs").display().to_string();
    for signal in ["-TERM", "-INT"] {
        let mut child = program(&[("CRUDDUR_DATA_DIR", &data_dir)])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines().map(|line| line.expect("UTF-8"));
        let started = lines.next().expect("it says where it listens");
        assert!(started.starts_with("cruddur listens on http://127.0.0.1:"), "{started}");
        send(signal, &child);
        assert!(child.wait().expect("it is our child").success());
        assert_eq!(lines.last().as_deref(), Some("cruddur stopped"));
    }
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status().expect("kill is everywhere");
    assert!(status.success());
}
