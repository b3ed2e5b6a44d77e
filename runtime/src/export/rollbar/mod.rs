//! Rollbar: errors as items.
