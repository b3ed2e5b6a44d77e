use spanwright::xray_subsegment;

#[xray_subsegment(annotations(#[annotation] a = 1), metadata(#[annotation] b = 1, #[annotatoin] c = 1))]
fn marked() {}

#[xray_subsegment(metadata(#[annotation(indexed)] b = 1))]
fn list() {}

fn main() {
    marked();
    list();
}
