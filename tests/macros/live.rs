//! What can only be seen while spans are recorded.
