use spanwright::record;

fn main() {
    record!(anotations(a = 1), b = 1);
    record!(annotations("user-id" = 1, ?b), metadata(b = 1), metadata(c = 1));
    record!(#[annotation] user.id = 1, annotations(user_id = 2, user_id = 3));
    record!(metadata("AWS.a", b = 1), annotations = [1], metadata("ns"));
}
