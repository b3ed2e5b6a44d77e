//! All scenarios again, on a throw-away PostgreSQL cluster that listens on a socket in its own folder.

use std::{
    env,
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{
    activities, browsers, edges, feeds, messages,
    support::{TempFolder, TestApp},
};

#[actix_web::test]
async fn every_scenario_passes_on_postgres() {
    let Some(binaries) = binaries() else {
        assert!(
            env::var_os("SPANWRIGHT_REQUIRE_POSTGRES").is_none(),
            "SPANWRIGHT_REQUIRE_POSTGRES is set, but initdb and pg_ctl are neither on PATH \
             nor under /usr/lib/postgresql"
        );
        say("initdb and pg_ctl are not installed: nothing was tested on PostgreSQL");
        return;
    };
    let cluster = Cluster::start(&binaries);
    let suites = [
        feeds::SCENARIOS,
        activities::SCENARIOS,
        messages::SCENARIOS,
        edges::SCENARIOS,
        browsers::SCENARIOS,
    ];
    for (number, (name, scenario)) in suites.concat().into_iter().enumerate() {
        say(&format!("on PostgreSQL: {name}"));
        let app = TestApp::on_postgres(&cluster.database(number).await).await;
        scenario(&app).await;
        app.stop().await;
    }
}

#[expect(clippy::print_stderr, reason = "cargo shows it when the test fails or with --nocapture")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The folder of `initdb` and `pg_ctl`, from PATH or from where Debian keeps them.
fn binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    folders.extend(debian.map(|version| version.path().join("bin")));
    folders
        .into_iter()
        .find(|folder| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()))
}

/// A running server. Stops when dropped.
struct Cluster<'a> {
    binaries: &'a Path,
    folder: TempFolder,
}

impl<'a> Cluster<'a> {
    fn start(binaries: &'a Path) -> Self {
        let cluster = Self { binaries, folder: TempFolder::new() };
        let folder = &cluster.folder.0;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("it is our folder");
        if is_root(folder) {
            chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may give a folder away");
        }
        let data = folder.join("data").display().to_string();
        cluster.run("initdb", &["-D", &data, "-U", "cruddur", "-A", "trust", "-E", "UTF8", "-N"]);
        let options = format!(
            "-c listen_addresses= -c fsync=off -c unix_socket_directories='{}'",
            folder.display()
        );
        let log = folder.join("log").display().to_string();
        cluster.run("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"]);
        cluster
    }

    /// Makes an empty database and returns its address.
    async fn database(&self, number: usize) -> String {
        let url = |database: &str| {
            format!("postgres://cruddur@localhost/{database}?host={}", self.folder.0.display())
        };
        let mut connection = PgConnection::connect(&url("postgres")).await.expect("it runs");
        let statement = format!("CREATE DATABASE scenario_{number}");
        connection.execute(AssertSqlSafe(statement)).await.expect("databases can be made");
        connection.close().await.expect("the connection ends in order");
        url(&format!("scenario_{number}"))
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let folder = &self.folder.0;
        let mut command = Command::new(self.binaries.join(program));
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command.env("LC_ALL", "C.UTF-8").stdout(Stdio::null());
        // A server that outlives pg_ctl would keep a pipe open, so its words go to a file.
        let errors = folder.join(format!("{program}.err"));
        command.stderr(fs::File::create(&errors).expect("it is our folder"));
        if fs::metadata(folder).is_ok_and(|folder| folder.uid() == NOBODY) {
            command.uid(NOBODY).gid(NOBODY);
        }
        let status = command.status().expect("the program was found before");
        let words = fs::read_to_string(errors).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {words}");
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        let data = self.folder.0.join("data").display().to_string();
        self.run("pg_ctl", &["-D", &data, "-w", "-m", "immediate", "stop"]);
    }
}

/// PostgreSQL refuses to run as root; this user exists on every system we know.
const NOBODY: u32 = 65534;

/// Whether this process is root: whom does a folder belong to that it has just made?
fn is_root(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| folder.uid() == 0)
}
