use spanwright::traced;

#[traced]
#[xray_subsegment]
fn pay() {}

fn main() {
    pay();
}
