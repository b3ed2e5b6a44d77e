//! Bodies that name files, which are looked for beside the file they are written in.

use spanwright::traced;

use crate::cases::block_on;
use crate::check;

#[async_trait::async_trait]
trait Page {
    async fn text(&self) -> &'static str;
}

struct Front;

#[async_trait::async_trait]
impl Page for Front {
    #[traced(name = "text")]
    async fn text(&self) -> &'static str {
        include_str!("text.txt")
    }
}

// https://github.com/tokio-rs/tracing/issues/755
#[test]
fn a_body_includes_files_from_beside_its_own() {
    check("text\n", || {
        assert_eq!(block_on(Front.text()), "beside its file\n");
    });
}
