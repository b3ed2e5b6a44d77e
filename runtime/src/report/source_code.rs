//! The lines of code around a place, where the files are there.
//!
//! In: a file and a line. Out: the line and what stands around it.
//! Never: reads what is not an ordinary file, or one that is too large; asks twice for one that is
//! not there.

use std::fs::{self, File};
use std::io::Read;

use crate::record::CodeLines;

/// How many files are remembered, those that are not there among them.
const MAX_FILES: usize = 64;
/// How much of files is remembered.
const MAX_BYTES: usize = 8 << 20;
/// The largest file that is read; what is no text gets three times as large.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The longest line that is told.
const MAX_LINE_CHARS: usize = 400;

/// Files that have been read, the one asked for last at the end.
#[derive(Debug, Default)]
pub(super) struct SourceCode {
    files: Vec<(String, Option<String>)>,
}

impl SourceCode {
    /// The line, and `around` lines before and behind it; `None` where the file is not there, or
    /// has no such line. Reads the file the first time, on the calling thread.
    pub(super) fn around(&mut self, path: &str, line: u32, around: usize) -> Option<CodeLines> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let text = self.text(path)?;
        let first = index.saturating_sub(around);
        let mut lines = text.lines().skip(first).map(short);
        let before = lines.by_ref().take(index - first).collect();
        Some(CodeLines { before, line: lines.next()?, after: lines.take(around).collect() })
    }

    fn bytes(&self) -> usize {
        self.files.iter().filter_map(|(_, text)| text.as_ref()).map(String::len).sum()
    }

    fn text(&mut self, path: &str) -> Option<&str> {
        if let Some(at) = self.files.iter().position(|(known, _)| known == path) {
            self.files[at..].rotate_left(1);
        } else {
            self.files.push((path.to_owned(), read(path)));
            while self.files.len() > MAX_FILES || self.bytes() > MAX_BYTES {
                self.files.remove(0);
            }
        }
        self.files.last().and_then(|(_, text)| text.as_deref())
    }
}

fn read(path: &str) -> Option<String> {
    // A pipe or a device could block for ever when it is opened, and is no code.
    let facts = fs::metadata(path).ok()?;
    if !facts.is_file() || facts.len() > MAX_FILE_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    File::open(path).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn short(line: &str) -> String {
    let end = line.char_indices().nth(MAX_LINE_CHARS).map_or(line.len(), |(end, _)| end);
    line[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder of its own for one test, gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("spanwright-source-code-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).expect("the folder for temporary files can be written to");
            Self(path)
        }

        fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
            let path = self.0.join(name);
            fs::write(&path, text).expect("the folder is our own");
            path.to_str().expect("its name is ours").to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn joined(lines: &CodeLines) -> String {
        format!("{}|{}|{}", lines.before.join(","), lines.line, lines.after.join(","))
    }

    #[test]
    fn a_line_is_told_with_those_around_it_as_far_as_there_are_some() {
        let folder = Folder::new("lines");
        let path = folder.write("a.rs", "1\n2\r\n3\n4\n5");
        let mut code = SourceCode::default();
        for (line, around, expected) in [
            (3, 1, Some("2|3|4")),
            (1, 2, Some("|1|2,3")),
            (5, 3, Some("2,3,4|5|")),
            (2, 0, Some("|2|")),
            (6, 3, None),
            (0, 3, None),
            (u32::MAX, 3, None),
        ] {
            let found = code.around(&path, line, around);
            assert_eq!(found.as_ref().map(joined).as_deref(), expected, "line {line}");
        }
    }

    #[test]
    fn a_long_line_is_cut_between_two_characters() {
        let folder = Folder::new("long");
        let path = folder.write("a.rs", "ä".repeat(1_000));
        let found = SourceCode::default().around(&path, 1, 3).expect("the file is there");
        assert_eq!(found.line, "ä".repeat(400));
    }

    #[test]
    fn a_file_is_asked_for_once_whether_it_is_there_or_not() {
        let folder = Folder::new("once");
        let path = folder.write("there.rs", "first");
        let missing = folder.0.join("missing.rs").to_str().expect("its name is ours").to_owned();
        let mut code = SourceCode::default();
        assert!(code.around(&path, 1, 0).is_some());
        assert_eq!(code.around(&missing, 1, 0), None);
        folder.write("there.rs", "second");
        folder.write("missing.rs", "late");
        assert_eq!(code.around(&path, 1, 0).expect("the file is remembered").line, "first");
        assert_eq!(code.around(&missing, 1, 0), None);
    }

    #[test]
    fn of_many_files_those_asked_for_last_are_remembered() {
        let folder = Folder::new("many");
        let kept = folder.write("kept.rs", "kept");
        let mut code = SourceCode::default();
        for number in 0..2 * MAX_FILES {
            assert!(code.around(&kept, 1, 0).is_some());
            let path = folder.write(&format!("{number}.rs"), "x");
            assert!(code.around(&path, 1, 0).is_some());
        }
        assert_eq!(code.files.len(), MAX_FILES);
        fs::remove_file(&kept).expect("the file is our own");
        assert!(code.around(&kept, 1, 0).is_some());
    }

    /// A link to a pipe that nobody writes to.
    #[cfg(unix)]
    fn pipe(folder: &Folder) -> String {
        let (pipe, link) = (folder.0.join("pipe"), folder.0.join("link.rs"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("the system has pipes").success());
        std::os::unix::fs::symlink(pipe, &link).expect("the folder is our own");
        link.to_str().expect("its name is ours").to_owned()
    }

    #[test]
    fn of_large_files_few_are_remembered() {
        let folder = Folder::new("memory");
        let mut code = SourceCode::default();
        for number in 0..20 {
            let path = folder.write(&format!("{number}.rs"), "x\n".repeat(1 << 19));
            assert!(code.around(&path, 1, 0).is_some());
        }
        assert!(code.bytes() <= 8 << 20 && code.files.len() >= 8, "{} files", code.files.len());
    }

    #[test]
    fn what_is_no_ordinary_file_or_too_large_has_no_code() {
        let folder = Folder::new("odd");
        let large = folder.write("large.rs", vec![b'\n'; (1 << 20) + 1]);
        let bytes = folder.write("bytes.rs", [b'a', 0xFF, b'\n']);
        let mut code = SourceCode::default();
        assert_eq!(code.around(&large, 1, 3), None);
        let here = folder.0.to_str().expect("its name is ours").to_owned();
        assert_eq!(code.around(&here, 1, 3), None);
        assert_eq!(code.around("", 1, 3), None);
        assert_eq!(code.around("a\0b", 1, 3), None);
        // Neither blocks, nor ends.
        #[cfg(unix)]
        for device in ["/dev/zero", "/dev/tty", &pipe(&folder)] {
            assert_eq!(code.around(device, 1, 3), None, "{device}");
        }
        assert_eq!(code.around(&bytes, 1, 3).expect("the file is there").line, "a\u{FFFD}");
    }
}
