//! What an accountant must find in every format.
