//! Order: what may fly together, what waits for what, and what a failure holds back.
