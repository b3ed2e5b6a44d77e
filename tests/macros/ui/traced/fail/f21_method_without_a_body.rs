use spanwright::traced;

trait Fetch {
    #[traced]
    fn fetch(&self, id: u64) -> u64;
}

impl Fetch for u64 {
    fn fetch(&self, id: u64) -> u64 {
        self + id
    }
}

fn main() {
    1_u64.fetch(2);
}
