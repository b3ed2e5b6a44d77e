use spanwright::traced;

#[traced(include(password), fields(auth_token, x.api_key = 1, #[redact] secret, token_count = 1))]
fn pay(password: u64, auth_token: u64, secret: u64) -> u64 {
    password + auth_token + secret
}

fn main() {
    pay(1, 2, 3);
}
