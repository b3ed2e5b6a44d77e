//! Who is asking: the handle in the header `X-Cruddur-User`, looked up in the database.
//!
//! In: a request. Out: the [`User`], as an argument of a handler.
//! Never: proves that the caller is that user; the header stands in for a real sign-in.

use std::{ops::Deref, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use crate::{db::Db, error::AppError, model::User, services::find_user, telemetry};

/// The header that names the signed-in user.
pub(crate) const USER_HEADER: &str = "x-cruddur-user";
/// Who is signed in when the header is missing.
const DEFAULT_HANDLE: &str = "andrewbrown";

type Lookup<T> = Pin<Box<dyn Future<Output = Result<T, AppError>>>>;

impl FromRequest for User {
    type Error = AppError;
    type Future = Lookup<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        look_up(req, "user_handle_blank")
    }
}

/// The signed-in user as the author of a message, whose rule has a code of its own.
pub(crate) struct Sender(User);

impl Deref for Sender {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl FromRequest for Sender {
    type Error = AppError;
    type Future = Lookup<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let user = look_up(req, "user_sender_handle_blank");
        Box::pin(async { user.await.map(Self) })
    }
}

fn look_up(req: &HttpRequest, blank: &'static str) -> Lookup<User> {
    let handle = match req.headers().get(USER_HEADER) {
        None => Ok(DEFAULT_HANDLE.to_owned()),
        Some(value) if value.is_empty() => Err(AppError::Invalid(blank)),
        Some(value) => value.to_str().map(str::to_owned).map_err(|_| AppError::UserUnknown),
    };
    let db =
        req.app_data::<web::Data<Db>>().cloned().expect("`serve` gives every worker the database");
    Box::pin(async move {
        let user = find_user::run(&db, &handle?).await?.ok_or(AppError::UserUnknown)?;
        telemetry::knows_user(&user);
        Ok(user)
    })
}
