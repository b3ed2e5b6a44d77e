//! Reports as users turn them on: one installation for the process, failures of any thread, and a double
//! of Rollbar's API.

mod memory;
mod storm;
